import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  paginateListStateMachines,
  type StateMachineListItem,
} from '@aws-sdk/client-sfn'
import { expect } from 'vitest'
import { BUILT_IN } from './built-in.ts'
import { ended, resultOf, submit } from './door.ts'
import type { Scenario } from './scenario.ts'
import { send } from './send.ts'

/** What every deployment of the stacks must do, tested from outside through HTTP and AWS's APIs. */
export const SCENARIOS: Scenario[] = [
  ...BUILT_IN,
  {
    name: 'has every agent and workflow of the deployment registered',
    async run(door) {
      const { agents } = await door.ask('listAgents')
      expect(agents.map(({ id }) => id)).toEqual(expect.arrayContaining(['echo', 'analysis', 'synthesis']))
      const { workflows } = await door.ask('listWorkflows')
      expect(workflows.map(({ name }) => name)).toEqual(
        expect.arrayContaining(BUILT_IN.map(({ workflow }) => workflow)),
      )
    },
  },
  {
    name: 'tells what the tenant of its caller has used',
    async run(door) {
      const taskId = await submit(door, { type: 'simple', input: { message: 'used' } })
      await ended(door, taskId)
      const { quotas, tasks, month } = await door.ask('getUsage')
      expect(quotas.map(({ quota }) => quota)).toEqual(
        expect.arrayContaining(['agents', 'workflows', 'keys']),
      )
      expect(month).toMatch(/^2\d{3}-\d\d$/)
      expect(tasks.byStatus.length).toBeGreaterThan(0)
    },
  },
  {
    name: 'shows executions where people look for them: by machine, with input and output',
    async run(door) {
      const taskId = await submit(door, { type: 'simple', input: { message: 'look' } })
      await ended(door, taskId)
      const machines: StateMachineListItem[] = []
      for await (const { stateMachines = [] } of paginateListStateMachines({ client: door.sfn }, {}))
        machines.push(...stateMachines)
      const machine = machines.find(({ name }) => name === `${door.prefix}-simple`)
      const list = new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn })
      const { executions = [] } = await door.sfn.send(list)
      const execution = executions.find(({ name }) => name === `${taskId}-1`)
      const describe = new DescribeExecutionCommand({ executionArn: execution?.executionArn })
      const { status, input = '' } = await door.sfn.send(describe)
      expect(status).toBe('SUCCEEDED')
      expect(JSON.parse(input)).toMatchObject({ taskId })
    },
  },
  {
    name: 'fails a task whose agent fails, and names it',
    async run(door) {
      const taskId = await submit(door, { type: 'analysis', input: { source: 'a,b\n"unclosed,1\n' } })
      expect(await ended(door, taskId, 150)).toMatchObject({
        status: 'failed',
        error: { stepId: 'profile', agentId: 'analysis', message: expect.stringContaining('analysis') },
      })
    },
  },
  {
    name: 'cancels a task, and stops its execution',
    async run(door) {
      const workflow = { name: 'long', steps: { nap: { wait: { seconds: 120 } } } }
      const taskId = await submit(door, { workflow })
      expect((await door.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
      await ended(door, taskId)
      const { status, execution } = await door.ask('getTask', { id: taskId })
      expect(status).toBe('cancelled')
      const stopped = async () =>
        (await door.sfn.send(new DescribeExecutionCommand({ executionArn: execution.arn }))).status
      await expect.poll(stopped, { timeout: 20_000 }).toBe('ABORTED')
    },
  },
  {
    name: 'tells what has happened to a task, in order',
    async run(door) {
      const taskId = await submit(door, { type: 'simple', input: {} })
      await ended(door, taskId)
      const { events } = await door.ask('listTaskEvents', { id: taskId })
      expect(events.map(({ type }) => type)).toEqual([
        'task.submitted',
        'step.started',
        'step.succeeded',
        'task.succeeded',
      ])
    },
  },
  {
    name: 'runs a workflow that comes with its task: steps side by side, a gate, a condition',
    async run(door) {
      const step = (needs: string[], more: object = {}) => ({
        capability: 'echo',
        input: { n: needs.length },
        needs,
        ...more,
      })
      const steps = {
        a: step([]),
        b: step([]),
        c: step(['a']),
        d: step(['a', 'b']),
        never: step(['c'], { when: '{% $steps.c.n > 5 %}' }),
      }
      const taskId = await submit(door, { workflow: { name: 'crossed', steps, output: '{% $steps.d.n %}' } })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toBe(2)
    },
  },
  {
    name: 'goes round a loop, and waits for a person in it',
    async run(door) {
      const body = { ask: { approval: { prompt: 'Enough?', timeoutSeconds: 120 } } }
      const repeat = { steps: body, until: '{% $steps.ask.decision = "approve" %}', maxIterations: 3 }
      const taskId = await submit(door, { workflow: { name: 'rounds', steps: { loop: { repeat } } } })
      for (const [round, decision] of [
        [1, 'reject'],
        [2, 'approve'],
      ]) {
        const path = encodeURIComponent(`loop[${round}].ask`)
        const answer = () => door.call('POST', `/tasks/${taskId}/approvals/${path}`, { decision, by: 'ada' })
        await expect.poll(async () => (await answer()).status, { timeout: 30_000, interval: 500 }).toBe(200)
      }
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
    },
  },
  {
    name: 'takes an upload of a form that limits it, and works on the file',
    async run(door) {
      const { files } = await door.ask('createFiles', { files: [{ path: 'days.csv' }] })
      const [ticket] = files
      const form = new FormData()
      for (const [field, value] of Object.entries(ticket?.upload.fields ?? {})) form.append(field, value)
      const policy = JSON.parse(Buffer.from(ticket?.upload.fields.Policy ?? '', 'base64').toString()) as {
        conditions: unknown[]
      }
      expect(policy.conditions).toContainEqual(['content-length-range', 0, 50 * 1024 * 1024])
      form.append('file', new Blob(['day,n\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n']), 'days.csv')
      const uploaded = await send(new Request(ticket?.upload.url ?? '', { method: 'POST', body: form }))
      expect(uploaded.status).toBe(204)
      const taskId = await submit(door, { type: 'analysis', input: { source: ticket?.file } })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toMatchObject({ profile: { rows: 3 } })
    },
  },
  {
    name: 'shares state between steps side by side, of whose updates none is lost, and puts it back',
    async run(door) {
      const steps = {
        each: {
          capability: 'echo',
          forEach: '{% [1..30] %}',
          maxConcurrency: 30,
          input: { n: '{% $item %}' },
          state: {
            set: { found: ['{% $output.n %}'] },
            update: { sum: '{% $current + $output.n %}', last: '{% $output.n %}' },
          },
        },
        ask: { needs: ['each'], approval: { prompt: 'Enough?', timeoutSeconds: 600 } },
      }
      const state = {
        found: { conflict: 'union', initial: [] },
        sum: { conflict: 'counter', initial: 0 },
        last: {},
      }
      const output = {
        found: '{% $count($state.found) %}',
        sum: '{% $state.sum %}',
        last: '{% $state.last %}',
      }
      const taskId = await submit(door, { workflow: { name: 'shared', state, steps, output } })
      const isAsked = async () => (await door.ask('getTask', { id: taskId })).status === 'waiting'
      await expect.poll(isAsked, { timeout: 120_000, interval: 500 }).toBe(true)
      const { keys } = await door.ask('getTaskState', { id: taskId })
      expect(keys.map(({ key, version }) => [key, version])).toEqual([
        ['found', 30],
        ['last', 30],
        ['sum', 30],
      ])
      const stale = door.ask('putTaskStateKey', { id: taskId, key: 'sum', value: 0, ifMatch: '29' })
      await expect(stale).rejects.toThrow(`state "sum" of task ${taskId} is at version 30, not 29`)
      const { id: snapshot } = await door.ask('makeStateSnapshot', { id: taskId })
      await door.ask('putTaskStateKey', { id: taskId, key: 'last', value: 'mine' })
      const { restored } = await door.ask('restoreTaskState', { id: taskId, snapshot })
      expect(restored).toEqual([{ key: 'last', from: 30, version: 32 }])
      const { versions } = await door.ask('listTaskStateHistory', { id: taskId, key: 'last', limit: 2 })
      expect(versions.map(({ version, restored: from }) => [version, from])).toEqual([
        [32, 30],
        [31, undefined],
      ])
      await door.ask('answerApproval', { id: taskId, stepId: 'ask', decision: 'approve', by: 'ada' })
      await ended(door, taskId)
      expect(await resultOf(door, taskId)).toEqual({ found: 30, sum: 465, last: expect.any(Number) })
    },
  },
  {
    name: 'fans out over a list',
    async run(door) {
      const each = { capability: 'echo', forEach: '{% $input.list %}', input: { n: '{% $item * 2 %}' } }
      const workflow = { name: 'fan', steps: { each }, output: '{% $steps.each.n %}' }
      const taskId = await submit(door, { workflow, input: { list: [1, 2, 3] } })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toEqual([2, 4, 6])
    },
  },
  {
    name: 'runs a child workflow as a task of its own',
    async run(door) {
      // Published at run time: MiniStack does not find versions here (docs/explanation/emulator.md).
      const answering = { name: 'answering', steps: { a: { capability: 'echo' } }, output: '{% $steps.a %}' }
      expect((await door.call('PUT', '/workflows/answering', { workflow: answering })).status).toBe(200)
      const call = { workflow: 'answering', input: { message: 'from above' } }
      const taskId = await submit(door, { workflow: { name: 'parent', steps: { call } } })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toEqual({ call: { message: 'from above' } })
    },
  },
]
