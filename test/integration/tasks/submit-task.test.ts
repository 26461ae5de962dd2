import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Ports } from '../../../shared/ports/index.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
let workflow: string
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())
beforeEach(async () => {
  const inputSchema = {
    type: 'object',
    required: ['q'],
    properties: { q: { type: 'string' }, n: { type: 'integer', default: 3 } },
  }
  workflow = await seedWorkflow(stores.ports, {
    steps: { a: { capability: 'work.do' } },
    agents: [makeAgent({ id: 'ann' }), counter],
    inputSchema,
  })
  stores.recorded.executions.clear()
})

/** An agent that takes a text. */
const counter = {
  ...makeAgent({ id: 'counter' }),
  capabilities: [
    {
      name: 'text.count',
      description: '',
      inputSchema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      outputSchema: {},
    },
  ],
}

const submit = (more: object = {}, ports: Ports = stores.ports) =>
  submitTask(ports)({ workflow, input: { q: 'x' }, metadata: {}, ...more }, CALLER)
const openTasks = async () =>
  (await stores.ports.tasks.listTasks({ tenant: 'default', limit: 100 })).tasks.length

describe('submitTask', () => {
  it('stores the plan with defaults and bindings, starts the execution and publishes the event', async () => {
    const { taskId } = await submit()
    expect(await stores.ports.plans.getPlan(taskId)).toMatchObject({
      input: { q: 'x', n: 3 },
      bindings: { a: { agentId: 'ann', version: '1.0.0' } },
      decisions: [{ stepId: 'a', chosen: 'ann', reason: 'the only eligible agent' }],
    })
    expect([...stores.recorded.executions.keys()]).toEqual([`${taskId}-1`])
    expect(stores.recorded.events.at(-1)).toMatchObject({ type: 'task.submitted', subject: taskId })
  })

  it('finds the first task by the same key, and refuses the key for another request (submit/S2)', async () => {
    const [one, two] = await Promise.all([
      submit({ idempotencyKey: workflow }),
      submit({ idempotencyKey: workflow }),
    ])
    expect(two.taskId).toBe(one.taskId)
    expect(stores.recorded.executions.size).toBe(1)
    await expect(submit({ idempotencyKey: workflow, input: { q: 'other' } })).rejects.toMatchObject({
      name: 'ConflictError',
    })
  })

  it.each<[string, object, string, RegExp]>([
    ['an unknown workflow', { workflow: 'w_none' }, 'NotFoundError', /there is no workflow "w_none"/],
    ['an input that does not fit', { input: { n: 1 } }, 'InvalidInputError', /input\.q: is required/],
    [
      'a file that is not there',
      { input: { q: 'x', f: { $file: 'files/a/b.csv' } } },
      'InvalidInputError',
      /has not been uploaded/,
    ],
    [
      'a path out of the files',
      { input: { q: 'x', f: { $file: 'files/a/../../tasks/x' } } },
      'InvalidInputError',
      /a file reference is/,
    ],
    [
      'an input of a step that no agent could take',
      { workflow: { name: 'w', steps: { a: { capability: 'text.count', input: { text: 5 } } } }, input: {} },
      'InvalidWorkflowError',
      /^steps\.a\.input\.text: it takes text, and gets 5/,
    ],
  ])('refuses %s and leaves nothing behind (S3)', async (_what, more, name, message) => {
    const before = await openTasks()
    await expect(submit(more)).rejects.toMatchObject({ name, message: expect.stringMatching(message) })
    expect(await openTasks()).toBe(before)
    expect(stores.recorded.executions.size).toBe(0)
  })

  it('refuses a workflow without an agent that can run it, with the reason', async () => {
    const agents = [makeAgent({ id: 'old', capability: 'rare.thing', status: 'inactive' })]
    const unserved = await seedWorkflow(stores.ports, { steps: { a: { capability: 'rare.thing' } }, agents })
    await expect(submit({ workflow: unserved })).rejects.toMatchObject({
      name: 'NoAgentError',
      message: expect.stringContaining('old: is inactive'),
    })
  })

  it('leaves a task to the reconciler when its execution cannot be started for the moment (submit/S1)', async () => {
    const start = async () => {
      throw new OrchestratorError('UnavailableError', 'throttled')
    }
    const { taskId } = await submit(
      {},
      { ...stores.ports, executions: { ...stores.ports.executions, start } },
    )
    expect(await stores.ports.tasks.findTask(taskId)).toMatchObject({ status: 'running' })
  })

  it('ends a task whose execution can never be started', async () => {
    const start = async () => {
      throw Object.assign(new Error('no such machine'), { name: 'StateMachineDoesNotExist' })
    }
    const ports = { ...stores.ports, executions: { ...stores.ports.executions, start } }
    await expect(submit({}, ports)).rejects.toThrow('no such machine')
    const [task] = (await stores.ports.tasks.listTasks({ tenant: 'default', limit: 1 })).tasks
    expect(task).toMatchObject({ status: 'failed', error: { name: 'StateMachineDoesNotExist' } })
  })
})
