import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import type { Caller } from '../../../shared/domain/caller.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER, callerOf } from '../../support/stores/callers.ts'
import { seedTask, seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let calls = 0
const control = (taskId: string, at: 'begin' | 'end', more: string | { path: string } = { path: 's' }) => {
  const fence = String(++calls).padStart(6, '0')
  const asked = typeof more === 'string' ? { path: 's', token: more } : more
  return controlStep(stores.ports)({ taskId, execution: 1, fence, owner: `o${fence}`, at, ...asked })
}
const seed = (step: object) => seedTask(stores.ports, { steps: { s: step }, agents: [makeAgent()] })
const stepOf = async (taskId: string) => (await stores.ports.steps.findSteps(taskId, ['s']))[0]

describe('controlStep', () => {
  it('emits an event of its own type, once, however often it is called (control/O1)', async () => {
    const taskId = await seed({ emit: { type: 'report.ready', data: { pages: 3 } } })
    expect(await control(taskId, 'begin')).toMatchObject({ status: 'succeeded' })
    expect(await control(taskId, 'begin')).toMatchObject({ status: 'succeeded' })
    const emitted = stores.recorded.events.filter(
      ({ type, subject }) => type === 'custom' && subject === taskId,
    )
    expect(emitted).toMatchObject([
      { id: `${taskId}/s/custom`, data: { path: 's', type: 'report.ready', data: { pages: 3 } } },
    ])
  })

  it.each([null, '5', -1, true])('refuses to wait for %j seconds', async (seconds) => {
    const taskId = await seed({ wait: { seconds: `{% ${JSON.stringify(seconds)} %}` } })
    await expect(control(taskId, 'begin')).rejects.toMatchObject({
      name: 'StepFailedError',
      message: expect.stringMatching(/^InvalidInputError: /),
    })
    expect(await stepOf(taskId)).toMatchObject({ status: 'failed' })
  })

  it('refuses a late answer, because the timeout has decided (control/O4)', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 1, onTimeout: 'reject' } })
    expect(await control(taskId, 'begin', 'token')).toEqual({})
    expect(await control(taskId, 'end')).toMatchObject({ status: 'succeeded' })
    const late = approveStep(stores.ports)(
      {
        id: taskId,
        stepId: 's',
        decision: 'approve',
        by: 'ada',
      },
      CALLER,
    )
    await expect(late).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining('timeout has decided "reject"'),
    })
  })

  it('asks again after a crash, and wakes the state at once when an answer has come meanwhile', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    await control(taskId, 'begin', 'first')
    await approveStep(stores.ports)(
      {
        id: taskId,
        stepId: 's',
        decision: 'approve',
        by: 'ada',
      },
      CALLER,
    )
    await control(taskId, 'begin', 'second')
    expect(stores.recorded.woken.slice(-2)).toEqual(['first', 'second'])
    await control(taskId, 'end')
    expect((await stepOf(taskId))?.output).toMatchObject({ inline: expect.stringContaining('"by":"ada"') })
  })

  it('wakes the state of an approval that is skipped (control/O3)', async () => {
    const taskId = await seed({ when: '{% false %}', approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    expect(await control(taskId, 'begin', 'skipped')).toMatchObject({ status: 'skipped' })
    expect(stores.recorded.woken.at(-1)).toBe('skipped')
  })

  it('wakes the state when the record is final, and not before (control/O2)', async () => {
    const taskId = await seed({ when: '{% false %}', approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    const found: unknown[] = []
    const executions = {
      ...stores.ports.executions,
      wake: async () => void found.push((await stepOf(taskId))?.status),
    }
    const call = { taskId, execution: 1, path: 's', fence: '1', owner: 'o', at: 'begin', token: 'x' } as const
    await controlStep({ ...stores.ports, executions })(call)
    expect(found).toEqual(['skipped'])
  })

  describe('a child whose workflow is computed', () => {
    const definition = { name: 'made', steps: { pause: { wait: { seconds: 1 } } } }
    const seedCall = (workflow: Json) =>
      seedTask(stores.ports, {
        steps: { s: { workflow: '{% $input.workflow %}', input: {} } },
        agents: [makeAgent()],
        input: { workflow },
      })

    it('goes on with what was stored before a crash, also when it would be refused by now (control/O10)', async () => {
      const taskId = await seedCall({
        ...definition,
        steps: { work: { capability: 'work.do' } },
      })
      const call = { taskId, execution: 1, path: 's', fence: '000001', at: 'begin' } as const
      const crashing = {
        ...stores.ports,
        steps: {
          ...stores.ports.steps,
          noteStep: async () => {
            throw new Error('killed')
          },
        },
      }
      await expect(controlStep(crashing)({ ...call, owner: 'first' })).rejects.toThrow('killed')
      const noAgents = { ...stores.ports.agents, listAgents: async () => [] }
      const changed = { ...stores.ports, agents: noAgents }
      const again = await controlStep(changed)({ ...call, owner: 'second' })
      expect(again.child).toMatchObject({ taskId: expect.stringMatching(/^t_/) })
      expect(await controlStep(changed)({ ...call, owner: 'third' })).toEqual(again)
      const child = await stores.ports.tasks.findTask((await stepOf(taskId))?.child ?? '')
      expect(child).toMatchObject({ workflow: { name: 'made' }, parent: { taskId, path: 's', depth: 1 } })
      expect(again.child?.stateMachineArn).toBe(child?.stateMachineArn)
    })

    it('leaves nothing behind of a workflow that is refused', async () => {
      const ensured: string[] = []
      const machines = {
        ...stores.ports.machines,
        ensure: async ({ name }: { name: string }) => {
          ensured.push(name)
          return name
        },
      }
      const refused = [
        { ...definition, steps: { work: { capability: 'no.body' } } },
        { ...definition, input: { type: 'object', required: ['x'] } },
        { name: 'made' },
      ]
      for (const workflow of refused) {
        const taskId = await seedCall(workflow)
        const call = { taskId, execution: 1, path: 's', fence: '000001', owner: 'o', at: 'begin' } as const
        await expect(controlStep({ ...stores.ports, machines })(call)).rejects.toMatchObject({
          name: 'StepFailedError',
        })
        expect(await stepOf(taskId)).not.toHaveProperty('child')
      }
      expect(ensured).toEqual([])
    })
  })

  it('refuses answers for a task that has ended, and from another tenant', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    await control(taskId, 'begin', 'token')
    const approve = (tenant: string) =>
      approveStep(stores.ports)({ id: taskId, stepId: 's', decision: 'approve', by: 'ada' }, callerOf(tenant))
    await expect(approve('other')).rejects.toMatchObject({ name: 'NotFoundError' })
    await cancelTask(stores.ports)({ id: taskId, reason: 'enough' }, CALLER)
    await expect(approve('default')).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining('has ended (cancelled)'),
    })
  })

  const ROLE = 'arn:aws:sts::123456789012:assumed-role/reviewers/ada@example.com'
  const callers: [string, Caller, { by: string; kind?: string; issuer?: string }][] = [
    [
      'a token',
      { ...CALLER, kind: 'oidc', subject: 'u-7', issuer: 'https://id' },
      { by: 'u-7', kind: 'oidc', issuer: 'https://id' },
    ],
    ['a key', { ...CALLER, kind: 'key', subject: 'k_1' }, { by: 'key/k_1', kind: 'key' }],
    ['a role', { ...CALLER, kind: 'iam', subject: ROLE }, { by: ROLE, kind: 'iam' }],
    ['the user of this machine', { ...CALLER, kind: 'local' }, { by: 'ada' }],
  ]

  it.each(callers)(
    'is decided by who asks, whatever the body says: %s (approval/O12)',
    async (_what, caller, told) => {
      const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
      await control(taskId, 'begin', 'token')
      const answer = await approveStep(stores.ports)(
        { id: taskId, stepId: 's', decision: 'approve', by: 'ada' },
        caller,
      )
      expect(answer).toMatchObject(told)
      const { answer: kept } = (await stepOf(taskId))?.approval ?? {}
      expect(kept).toMatchObject({ ...told, shown: expect.stringMatching(/^[0-9a-f]{64}$/) })
      expect(kept?.kind).toBe(told.kind)
    },
  )

  it.each([
    ['u-7', callers[0], true],
    ['u-8', callers[0], false],
    ['ada', callers[0], false],
    ['key/k_1', callers[1], true],
    ['role/reviewers', callers[2], true],
    [ROLE, callers[2], true],
    // Who begins a session chooses its name.
    ['ada@example.com', callers[2], false],
    ['role/ada@example.com', callers[2], false],
    ['user/reviewers', callers[2], false],
    // An issuer of tokens makes no role of a subject.
    ['role/reviewers', ['', { ...CALLER, kind: 'oidc', subject: 'role/reviewers' }, { by: '' }], false],
    ['key/k_1', ['', { ...CALLER, kind: 'oidc', subject: 'key/k_1' }, { by: '' }], false],
    ['https://id#u-7', callers[0], true],
    [
      'https://id#u-7',
      ['', { ...CALLER, kind: 'oidc', subject: 'u-7', issuer: 'https://b' }, { by: '' }],
      false,
    ],
    [
      'https://id#u-7',
      ['', { ...CALLER, kind: 'oidc', subject: 'https://id#u-7', issuer: 'https://b' }, { by: '' }],
      false,
    ],
    ['k_1', callers[1], false],
    ['ada', callers[3], true],
    ['bob', callers[3], false],
  ] as const)(
    'may be decided by %s alone (approval/O12)',
    async (approver, [, caller] = ['', CALLER, { by: '' }], isAllowed) => {
      const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60, approvers: [approver] } })
      await control(taskId, 'begin', 'token')
      const request = { id: taskId, stepId: 's', decision: 'approve', by: 'ada' }
      const told = await approveStep(stores.ports)(request, caller).catch(({ name }) => name)
      const refusal = caller.kind === 'local' ? 'InvalidInputError' : 'ForbiddenError'
      expect(told).toEqual(isAllowed ? expect.objectContaining({ decision: 'approve' }) : refusal)
      expect((await stepOf(taskId))?.approval?.answer !== undefined).toBe(isAllowed)
    },
  )

  it('refuses answers after the task’s deadline (approval/O9)', async () => {
    const { ports } = stores
    const steps = { s: { approval: { prompt: 'Go?', timeoutSeconds: 60 } } }
    const workflow = await seedWorkflow(ports, { steps, agents: [makeAgent()] })
    const { taskId } = await submitTask(ports)(
      {
        workflow,
        input: {},
        metadata: {},
        deadlineSeconds: 30,
      },
      CALLER,
    )
    await control(taskId, 'begin', 'token')
    const at = (seconds: number) => ({ now: () => new Date(ports.clock.now().getTime() + 1_000 * seconds) })
    const approve = (seconds: number) =>
      approveStep({ ...ports, clock: at(seconds) })(
        {
          ...{ id: taskId, stepId: 's', decision: 'approve', by: 'ada' },
        },
        CALLER,
      )
    await expect(approve(31)).rejects.toMatchObject({
      name: 'ConflictError',
      message: expect.stringContaining('has passed'),
    })
    expect(await approve(20)).toMatchObject({ decision: 'approve' })
  })

  describe('an answer to a question that is asked no more (approval/O11)', () => {
    const other = { prompt: 'Pay?', choices: ['approve'], expiresAt: '2999-01-01T00:00:00.000Z', token: 'x' }
    const answering = async (meanwhile: boolean, expiresAt?: 'shown') => {
      const { ports } = stores
      const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
      await control(taskId, 'begin', 'token')
      const shown = (await stepOf(taskId))?.approval?.expiresAt
      const fence = String(calls).padStart(6, '0')
      const askAnew = () => ports.steps.askApproval({ taskId, path: 's', fence, owner: `o${fence}` }, other)
      const steps = {
        ...ports.steps,
        answerApproval: async (...given: Parameters<typeof ports.steps.answerApproval>) => {
          if (meanwhile) expect(await askAnew()).toBe(true)
          return ports.steps.answerApproval(...given)
        },
      }
      if (!meanwhile && expiresAt) expect(await askAnew()).toBe(true)
      const request = { id: taskId, stepId: 's', decision: 'approve', by: 'ada' }
      const more = expiresAt ? { expiresAt: shown } : {}
      return { taskId, done: approveStep({ ...ports, steps })({ ...request, ...more }, CALLER) }
    }

    it.each([
      ['where it says which it has seen', false, 'shown'],
      ['where the other comes while it is written', true, undefined],
    ] as const)('answers none: %s', async (_what, meanwhile, expiresAt) => {
      const { taskId, done } = await answering(meanwhile, expiresAt)
      await expect(done).rejects.toMatchObject({
        name: 'ConflictError',
        message: expect.stringContaining('asks another question'),
      })
      expect((await stepOf(taskId))?.approval).toEqual(other)
    })

    it('is of this question where it is the one that was shown', async () => {
      const { ports } = stores
      const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
      await control(taskId, 'begin', 'token')
      const expiresAt = (await stepOf(taskId))?.approval?.expiresAt
      const request = { id: taskId, stepId: 's', decision: 'approve', by: 'ada', expiresAt }
      expect(await approveStep(ports)(request, CALLER)).toMatchObject({ decision: 'approve' })
      // A repeat is answered as the first (approval/O4).
      expect(await approveStep(ports)(request, CALLER)).toMatchObject({ decision: 'approve' })
    })
  })

  it('keeps an answer that arrives between the take-over and the repeated question (control/O4)', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 60 } })
    await control(taskId, 'begin', 'first')
    const { askApproval } = stores.ports.steps
    stores.ports.steps.askApproval = async (own, asked) => {
      await approveStep(stores.ports)(
        {
          id: taskId,
          stepId: 's',
          decision: 'approve',
          by: 'ada',
        },
        CALLER,
      )
      return askApproval(own, asked)
    }
    expect(await control(taskId, 'begin', 'second')).toEqual({})
    stores.ports.steps.askApproval = askApproval
    expect(stores.recorded.woken.at(-1)).toBe('second')
    expect((await stepOf(taskId))?.approval?.answer).toMatchObject({ decision: 'approve' })
  })

  it('decides by timeout when the question could not be asked in time (control/O4)', async () => {
    const taskId = await seed({ approval: { prompt: 'Go?', timeoutSeconds: 1, onTimeout: 'reject' } })
    expect(await control(taskId, 'end')).toMatchObject({ status: 'succeeded' })
    expect((await stepOf(taskId))?.output).toMatchObject({ inline: expect.stringContaining('"reject"') })
  })

  it('does not end before the bus has accepted the event', async () => {
    const taskId = await seed({ emit: { type: 'report.ready' } })
    const { deliver } = stores.ports.bus
    stores.ports.bus.deliver = () => Promise.reject(new OrchestratorError('UnavailableError', 'later'))
    await expect(control(taskId, 'begin')).rejects.toMatchObject({ name: 'UnavailableError' })
    stores.ports.bus.deliver = deliver
    expect(await stepOf(taskId)).toMatchObject({ status: 'running' })
    expect(await control(taskId, 'begin')).toMatchObject({ status: 'succeeded' })
  })

  it('reports the error of failed items once, under its own name', async () => {
    const taskId = await seed({ capability: 'work.do', forEach: '{% [1] %}' })
    expect(await control(taskId, 'begin')).toEqual({ indexes: [0], lanes: 10 })
    const item = { taskId, path: 's[0]', owner: 'o', fence: '1' }
    await stores.ports.steps.takeOverStep(item, { startedAt: '2026-01-01T00:00:00.000Z' })
    const error = { name: 'InvalidInputError', message: 'no table' }
    await stores.ports.steps.endStep(item, { status: 'failed', endedAt: '2026-01-01T00:00:01.000Z', error })
    await expect(control(taskId, 'end')).rejects.toMatchObject({
      name: 'StepFailedError',
      message: expect.stringMatching(/^InvalidInputError: step "s": 1 of 1 items failed/),
    })
  })

  it.each([
    ['one thing', '{% $input.list[n > 2] %}', [0]],
    ['nothing', '{% $input.list[n > 3] %}', []],
    ['a list', '{% $input.list %}', [0, 1, 2]],
  ])('fans out over what a filter finds: %s', async (_what, forEach, indexes) => {
    const steps = { s: { capability: 'work.do', forEach } }
    const input = { list: [{ n: 1 }, { n: 2 }, { n: 3 }] }
    const taskId = await seedTask(stores.ports, { steps, agents: [makeAgent()], input })
    expect(await control(taskId, 'begin')).toEqual({ indexes, lanes: 10 })
  })

  it('runs as many items concurrently as its agents accept in total; many items that may wait get their own executions', async () => {
    const capability = 'work.limited'
    const limits = { timeoutSeconds: 60, memoryMb: 512 }
    const agents = [2, 3].map((maxConcurrency) =>
      makeAgent({ id: `limited${maxConcurrency}`, capability, limits: { ...limits, maxConcurrency } }),
    )
    const seedList = async (length: number, step: object = {}): Promise<object> => {
      const steps = { s: { capability, forEach: `{% [1..${length}] %}`, ...step } }
      return control(await seedTask(stores.ports, { steps, agents, input: {} }), 'begin')
    }
    expect(await seedList(1)).toEqual({ indexes: [0], lanes: 5 })
    expect(await seedList(100, { maxConcurrency: 4 })).toMatchObject({ lanes: 4 })
    expect(await seedList(100)).not.toHaveProperty('apart')
    expect(await seedList(101)).toMatchObject({ lanes: 5, apart: true })
    expect(await seedList(101, { capability: undefined, agent: 'limited2' })).toMatchObject({ lanes: 2 })
    expect(
      await seedList(1, { capability: undefined, agent: 'limited2', fallback: ['limited3'] }),
    ).toMatchObject({
      lanes: 5,
    })
    await stores.ports.agents.putAgent(makeAgent({ id: 'unlimited', capability }))
    expect(await seedList(101, { maxConcurrency: 7 })).toMatchObject({ lanes: 7, apart: true })
  })

  it('starts and ends a child for each item, once, on the budget of its parent; the fan-out decides about failed ones (control/O5, control/O7)', async () => {
    const inputSchema = {
      type: 'object',
      required: ['rows', 'n'],
      properties: { rows: { type: 'array' }, n: { type: 'number' } },
    }
    const child = await seedWorkflow(stores.ports, {
      steps: { nap: { wait: { seconds: 0 } } },
      agents: [],
      inputSchema,
      output: '{% $input.n %}',
    })
    const input = { rows: '{% $item.rows[paid] %}', n: '{% $index %}' }
    const each = { workflow: child, forEach: '{% $input.list %}', input, tolerate: 1 }
    const workflow = await seedWorkflow(stores.ports, { steps: { s: each }, agents: [] })
    const list = [[1], [1, 2], []].map((ids) => ({ rows: ids.map((id) => ({ id, paid: true })) }))
    const asked = { workflow, input: { list }, metadata: {}, budgetUsd: 1 }
    const { taskId } = await submitTask(stores.ports)(asked, CALLER)
    expect(await control(taskId, 'begin')).toEqual({ indexes: [0, 1, 2] })
    const { tasks, plans, values, budgets } = stores.ports
    const children: string[] = []
    for (const at of [0, 1, 2]) {
      const first = await control(taskId, 'begin', { path: `s[${at}]` })
      const again = await control(taskId, 'begin', { path: `s[${at}]` })
      expect(again.child).toEqual(first.child)
      const id = String(first.child?.taskId)
      children.push(id)
      expect((await plans.getPlan(id)).input).toEqual({ rows: list[at]?.rows, n: at })
      expect((await tasks.findTask(id))?.parent).toMatchObject({ taskId, path: `s[${at}]` })
    }
    expect(new Set(children).size).toBe(3)
    const shares = await Promise.all(children.map((id) => budgets.findShare(id)))
    expect(shares).toEqual(children.map(() => ({ root: taskId, parent: taskId, isClosed: false })))
    expect(await budgets.find(taskId)).toMatchObject({ available: { nanoUsd: 1e9 } })
    for (const [at, id] of children.entries()) {
      const status = at === 1 ? 'FAILED' : 'SUCCEEDED'
      await control(id, 'begin', { path: 'nap' })
      await control(id, 'end', { path: 'nap' })
      stores.recorded.executions.set(`${id}-1`, { status, error: 'Boom', cause: 'on purpose' })
      const ended = await control(taskId, 'end', { path: `s[${at}]` })
      expect(ended).toMatchObject({ status: at === 1 ? 'failed' : 'succeeded' })
    }
    expect(await control(taskId, 'end')).toMatchObject({ status: 'succeeded' })
    const done = await stepOf(taskId)
    expect(done).toMatchObject({ degraded: '1 of 3 items failed' })
    expect(await values.loadValue(done?.output as never)).toEqual([0, null, 2])
    for (const id of children) expect((await budgets.findShare(id))?.isClosed).toBe(true)
  })

  it('applies the failure policy to a child task without an agent (settle/Z2), and passes no input if it evaluates to nothing', async () => {
    const agent = makeAgent({ id: 'fleeting', capability: 'work.fleeting' })
    const name = await seedWorkflow(stores.ports, {
      steps: { a: { capability: 'work.fleeting' } },
      agents: [agent],
    })
    const call = { workflow: name, input: '{% $input.profile %}', onFailure: 'continue' }
    const start = () => seedTask(stores.ports, { steps: { s: call }, agents: [], input: { secret: 1 } })
    const [first, second] = [await start(), await start()]
    const { child } = await control(first, 'begin')
    expect((await stores.ports.plans.getPlan(String(child?.taskId))).input).toBeNull()
    await stores.ports.agents.putAgent({ ...agent, status: 'inactive' })
    expect(await control(second, 'begin')).toMatchObject({ status: 'failed' })
    expect(await stepOf(second)).toMatchObject({ error: { name: 'NoAgentError' } })
  })
})
