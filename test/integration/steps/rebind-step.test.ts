import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { recordsOfNeeds, resolveStep } from '../../../shared/app/steps/resolve-step.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask, seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
let area = 0
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

/** Preferences by which the cheapest agent is chosen first. */
const CHEAPEST = { quality: 0, cost: 1, latency: 0 }

/** A task of one step on a capability of its own, with these agents in ascending order of price. */
async function seed(agentIds: string[], step: object = {}, others: Record<string, object> = {}) {
  const capability = `area${++area}.do`
  const ids = agentIds.map((id) => `${id}${area}`)
  const more = Object.entries(others).map(([id, other]) => [id, { capability, ...other }])
  const steps = { s: { capability, prefer: CHEAPEST, ...step }, ...Object.fromEntries(more) }
  const taskId = await seedTask(stores.ports, {
    steps,
    agents: ids.map((id, at) => makeAgent({ id, capability, price: { perCallUsd: at } })),
    input: { q: 1 },
  })
  return { taskId, ids }
}

let invocations = 0
/** Fencing tokens of the first execution, ascending. */
const nextFence = (): string => `0001.0000.${String(++invocations).padStart(15, '0')}.0000`
const rebindAfter = (taskId: string, errorName: string, errorMessage: string) =>
  rebindStep(stores.ports)({
    taskId,
    execution: 1,
    path: 's',
    fence: nextFence(),
    owner: 'rebinder',
    error: { Error: errorName, Cause: JSON.stringify({ errorMessage }) },
  })

async function fail(taskId: string, agentId: string, errorName: string, noted = true, more: object = {}) {
  const { steps } = stores.ports
  const fence = nextFence()
  const own = { taskId, path: 's', owner: `o${fence}`, fence }
  const startedAt = new Date(invocations).toISOString()
  await steps.takeOverStep(own, { agentId, startedAt })
  const error = { name: errorName, message: 'boom' }
  if (noted) await steps.addAttempt(own, { agentId, startedAt, endedAt: startedAt, error, ...more })
  return rebindAfter(taskId, errorName, 'boom')
}
/** Calls the rebinder after a refused admission, for which no attempt was recorded. */
async function refuse(taskId: string, agentId: string, errorName: string, details: object = {}) {
  const { steps } = stores.ports
  const fence = nextFence()
  const own = { taskId, path: 's', owner: `o${fence}`, fence }
  await steps.takeOverStep(own, { agentId, startedAt: new Date().toISOString() })
  if ('askAgainAt' in details) await steps.noteStep(own, { askAgainAt: String(details.askAgainAt) })
  return rebindAfter(taskId, errorName, 'not now')
}
const stepOf = async (taskId: string) => (await stores.ports.steps.findSteps(taskId, ['s']))[0]

describe('rebindStep', () => {
  it('returns the same answer when a crash or a retry repeats the call (rebind/B6)', async () => {
    const { steps } = stores.ports
    const { taskId, ids } = await seed(['a', 'b'])
    const own = { taskId, path: 's', owner: 'host', fence: '0001.0000.000000000000001.0000' }
    await steps.takeOverStep(own, { agentId: ids[0] ?? '', startedAt: '2026-01-01T00:00:00.000Z' })
    const call = (retry: string) =>
      rebindStep(stores.ports)({
        taskId,
        execution: 1,
        path: 's',
        fence: `0001.0000.000000000000002.${retry}`,
        owner: `rebinder${retry}`,
        error: { Error: 'AgentFailedError', Cause: '{"errorMessage":"boom"}' },
      })
    const answer = { rebound: { functionArn: expect.any(String), agentId: ids[1], waitSeconds: 0 }, turn: 1 }
    expect(await call('0000')).toEqual(answer)
    expect(await call('0000')).toEqual(answer)
    expect(await call('0001')).toEqual(answer)
    expect((await stepOf(taskId))?.attempts.map(({ agentId }) => agentId)).toEqual([ids[0]])
  })

  it('ends the task again when a failure that ended it is repeated, and signals no gate (rebind/B5, rebind/B6)', async () => {
    const { taskId, ids } = await seed(['a'])
    const failing = () => fail(taskId, ids[0] ?? '', 'AgentFailedError')
    await expect(failing()).rejects.toMatchObject({ name: 'StepFailedError' })
    const { fence } = (await stepOf(taskId)) ?? { fence: '' }
    const again = rebindStep(stores.ports)({
      taskId,
      execution: 1,
      path: 's',
      fence,
      owner: 'rebinder',
      error: { Error: 'AgentFailedError', Cause: '' },
    })
    await expect(again).rejects.toMatchObject({
      name: 'StepFailedError',
      message: expect.stringContaining('boom'),
    })
    expect(stores.recorded.woken).toEqual([])
  })

  it('chooses the next agent, and each agent only once (rebind/B2)', async () => {
    const { taskId, ids } = await seed(['a', 'b', 'c'])
    const [a = '', b = '', c = ''] = ids
    expect(await fail(taskId, a, 'AgentFailedError')).toMatchObject({
      rebound: { agentId: b, waitSeconds: 0 },
    })
    expect(await fail(taskId, b, 'AgentFailedError')).toMatchObject({ rebound: { agentId: c } })
    await expect(fail(taskId, c, 'AgentFailedError')).rejects.toMatchObject({
      name: 'StepFailedError',
      message: `AgentFailedError: step "s" (agent ${c}): boom`,
    })
    expect(await stepOf(taskId)).toMatchObject({
      status: 'failed',
      attempts: [{ agentId: a }, { agentId: b }, { agentId: c }],
    })
  })

  it('does not call an agent again that timed out, unless `retry` says so (rebind/B2)', async () => {
    const { taskId, ids } = await seed(['a', 'b'], { retry: { maxAttempts: 2 } })
    const [a = '', b = ''] = ids
    expect(await fail(taskId, a, 'States.Timeout', false)).toMatchObject({ rebound: { agentId: b } })
    await expect(fail(taskId, b, 'AgentFailedError')).rejects.toMatchObject({ name: 'StepFailedError' })
  })

  it('calls an agent again at the time that it has named, before any other, while it has attempts left (rebind/B11)', async () => {
    const { taskId, ids } = await seed(['a', 'b'], { retry: { maxAttempts: 2 } })
    const [a = '', b = ''] = ids
    const askAgainAt = new Date(Date.now() + 300_000).toISOString()
    const asked = () => fail(taskId, a, 'AgentFailedError', true, { askAgainAt })
    expect(await asked()).toMatchObject({ rebound: { agentId: a, waitSeconds: expect.closeTo(300, -1) } })
    expect(await asked()).toMatchObject({ rebound: { agentId: b, waitSeconds: 0 } })
  })

  it('goes to the next agent when the deadline comes before that time (rebind/B11)', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    const plan = await stores.ports.plans.getPlan(taskId, 1)
    const { plans } = stores.ports
    const deadline = new Date(Date.now() + 200_000).toISOString()
    stores.ports.plans = { ...plans, getPlan: async () => ({ ...plan, deadline }) }
    try {
      const askAgainAt = new Date(Date.now() + 300_000).toISOString()
      expect(await fail(taskId, ids[0] ?? '', 'AgentFailedError', true, { askAgainAt })).toMatchObject({
        rebound: { agentId: ids[1] },
      })
    } finally {
      stores.ports.plans = plans
    }
  })

  it('counts an agent whose function never started as having failed (rebind/B2)', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    const neverStarted = () =>
      rebindStep(stores.ports)({
        taskId,
        execution: 1,
        path: 's',
        fence: nextFence(),
        owner: 'rebinder',
        error: { Error: 'Lambda.ResourceNotFoundException', Cause: 'no such function' },
      })
    expect(await neverStarted()).toMatchObject({ rebound: { agentId: ids[1] } })
    await new Promise((resolve) => setTimeout(resolve, 2))
    await expect(neverStarted()).rejects.toMatchObject({ name: 'StepFailedError' })
    expect((await stepOf(taskId))?.attempts.map(({ agentId }) => agentId)).toEqual(ids)
  })

  it('records an attempt that the crashed host could not record', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    await fail(taskId, ids[0] ?? '', 'Runtime.ExitError', false)
    expect(await stepOf(taskId)).toMatchObject({
      attempts: [{ agentId: ids[0], error: { name: 'Runtime.ExitError', message: 'boom' } }],
    })
  })

  it('does not fail over when any agent would fail (rebind/B3)', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    await expect(fail(taskId, ids[0] ?? '', 'InvalidInputError')).rejects.toMatchObject({
      name: 'StepFailedError',
    })
  })

  it.each(['UnavailableError', 'Lambda.Unknown', 'States.TaskFailed'])(
    'ends the task under a name that nothing retries: %s',
    async (errorName) => {
      const { taskId, ids } = await seed(['a'])
      await expect(fail(taskId, ids[0] ?? '', errorName)).rejects.toMatchObject({ name: 'StepFailedError' })
      expect(await stepOf(taskId)).toMatchObject({ status: 'failed', error: { name: errorName } })
    },
  )

  it('chooses the fallbacks that the step names, in that order, and no others (rebind/B7)', async () => {
    const { ports } = stores
    await ports.agents.putAgent(makeAgent({ id: 'other', capability: 'other.do' }))
    const { taskId, ids } = await seed(['a', 'b', 'c', 'd'], { fallback: [`c${area + 1}`, 'other.do'] })
    const [a = '', , c = ''] = ids
    expect(await fail(taskId, a, 'AgentFailedError')).toMatchObject({ rebound: { agentId: c } })
    expect(await fail(taskId, c, 'AgentFailedError')).toMatchObject({ rebound: { agentId: 'other' } })
    await expect(fail(taskId, 'other', 'AgentFailedError')).rejects.toMatchObject({
      name: 'StepFailedError',
    })
  })

  it('chooses a fallback when its agent is too busy, and only fallbacks after one has failed (rebind/B7, rebind/B8)', async () => {
    const { taskId, ids } = await seed(['a', 'b', 'c'], {
      agent: `a${area + 1}`,
      fallback: [`b${area + 1}`],
    })
    const [a = '', b = ''] = ids
    expect(await refuse(taskId, a, 'AgentBusyError')).toMatchObject({
      rebound: { agentId: b, waitSeconds: 0 },
    })
    // When both agents are unavailable, they are tried again in turn, after a back-off.
    expect(await refuse(taskId, b, 'AgentUnavailableError')).toMatchObject({ rebound: { agentId: a } })

    const other = await seed(['a', 'b', 'c'], { fallback: [`b${area + 1}`] })
    const [first = '', named = ''] = other.ids
    expect(await fail(other.taskId, first, 'AgentFailedError')).toMatchObject({ rebound: { agentId: named } })
    for (let times = 0; times < 3; times++)
      expect(await refuse(other.taskId, named, 'AgentBusyError')).toMatchObject({
        rebound: { agentId: named, waitSeconds: expect.any(Number) },
      })
  })

  it('waits for agents that are busy or throttled for their retry-after time, without using up attempts (rebind/B8)', async () => {
    const { taskId, ids } = await seed(['a'])
    const [a = ''] = ids
    for (const name of ['AgentBusyError', 'Lambda.TooManyRequestsException'])
      expect(await refuse(taskId, a, name)).toMatchObject({ rebound: { agentId: a } })
    const askAgainAt = new Date(Date.now() + 40_000).toISOString()
    const answer = (await refuse(taskId, a, 'AgentBusyError', { askAgainAt })) as {
      rebound: { waitSeconds: number }
    }
    expect(answer.rebound.waitSeconds).toBeGreaterThan(35)
    expect((await stepOf(taskId))?.attempts).toEqual([])
  })

  it('waits for an agent that has failed once, may be asked again, and is now busy (rebind/B2, rebind/B8)', async () => {
    const { steps } = stores.ports
    const { taskId, ids } = await seed(['a'])
    const [a = ''] = ids
    const fence = nextFence()
    const own = { taskId, path: 's', owner: `o${fence}`, fence }
    const startedAt = new Date(invocations).toISOString()
    await steps.takeOverStep(own, { agentId: a, startedAt })
    const error = { name: 'AgentRetryableError', message: 'later' }
    await steps.addAttempt(own, { agentId: a, startedAt, endedAt: startedAt, error })
    for (let times = 0; times < 2; times++)
      expect(await refuse(taskId, a, 'AgentBusyError')).toMatchObject({ rebound: { agentId: a } })
  })

  it('names the nearest agent when a step is bound late to one that does not exist', async () => {
    const { taskId } = await seed(['writer'], { bind: 'late', agent: 'writre9' })
    const rebinding = rebindStep(stores.ports)({
      taskId,
      execution: 1,
      path: 's',
      fence: nextFence(),
      owner: 'rebinder',
      error: { Cause: '' },
    })
    await expect(rebinding).rejects.toThrow(/no agent "writre9"; did you mean "writer\d+"/)
  })

  it('does not wait for ever (rebind/B8)', async () => {
    const { taskId, ids } = await seed(['a'])
    const [a = ''] = ids
    await refuse(taskId, a, 'AgentBusyError')
    const { clock } = stores.ports
    stores.ports.clock = { now: () => new Date(Date.now() + 5 * 3_600_000) }
    try {
      await expect(refuse(taskId, a, 'AgentBusyError')).rejects.toMatchObject({
        message: expect.stringMatching(/^AgentBusyError: /),
      })
    } finally {
      stores.ports.clock = clock
    }
  })

  it('fails over from an agent that is not configured', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    expect(await fail(taskId, ids[0] ?? '', 'ConfigError')).toMatchObject({ rebound: { agentId: ids[1] } })
  })

  describe('an exceeded budget', () => {
    const seedPoor = async (budget: object, prices: object[], step: object = {}) => {
      const capability = `area${++area}.do`
      const ids = prices.map((_, at) => `${'ab'[at]}${area}`)
      const workflow = await seedWorkflow(stores.ports, {
        steps: { s: { capability, ...step } },
        agents: prices.map((price, at) =>
          makeAgent({ id: ids[at] ?? '', capability, price: price as never }),
        ),
      })
      const { taskId } = await submitTask(stores.ports)(
        {
          workflow,
          input: {},
          metadata: {},
          ...budget,
        },
        CALLER,
      )
      return { taskId, ids }
    }
    const tokens = { perCallUsd: 0, mostTokens: 600 }

    it('ends the task when it suffices for no agent, after one refusal of each (rebind/B9)', async () => {
      const { taskId, ids } = await seedPoor({ budgetTokens: 1_000 }, [tokens, tokens])
      // The attempt has died, and no other takes the step over: after its deadline its reservation counts as spent (budget/U2).
      const overdue = { nanoUsd: 0, tokens: 500, holder: '1', until: Date.now() / 1_000 - 1 }
      await stores.ports.budgets.reserve(taskId, 'x', overdue)
      await expect(refuse(taskId, ids[0] ?? '', 'BudgetExceededError')).rejects.toMatchObject({
        message: expect.stringMatching(/^BudgetExceededError: /),
      })
    })

    it('also ends a step that is bound late, regardless of its policy; such a step waits for others’ reservations (rebind/B9, budget/U5)', async () => {
      const late = { bind: 'late', onFailure: 'continue' }
      const price = { perCallUsd: 0.02 }
      const poor = await seedPoor({ budgetUsd: 0.01 }, [price], late)
      const call = { execution: 1, path: 's', fence: '1', owner: 'rebinder', error: { Cause: '' } }
      await expect(rebindStep(stores.ports)({ taskId: poor.taskId, ...call })).rejects.toMatchObject({
        message: expect.stringMatching(
          `^BudgetExceededError: .*may cost 0.02 USD, and 0.01 USD are left; this is the budget of task ${poor.taskId}, 0.01 USD .0 USD spent, 0 USD held by others.; retry task ${poor.taskId} with a larger budget$`,
        ),
      })
      const waiting = await seedPoor({ budgetUsd: 0.03 }, [price], late)
      const held = { nanoUsd: 2e7, tokens: 0, holder: '1', until: Date.now() / 1_000 + 60 }
      await stores.ports.budgets.reserve(waiting.taskId, 'x', held)
      expect(await rebindStep(stores.ports)({ taskId: waiting.taskId, ...call })).toMatchObject({
        rebound: { agentId: waiting.ids[0] },
      })
    })
  })

  it('retries the rebinder in place once a step has waited a minute for reservations (rebind/B10, budget/U5)', async () => {
    const capability = `area${++area}.do`
    const price = { perCallUsd: 0, mostUsd: 0.02 }
    const agents = [makeAgent({ id: `a${area}`, capability, price })]
    const workflow = await seedWorkflow(stores.ports, { steps: { s: { capability } }, agents })
    const asked = { workflow, input: {}, metadata: {}, budgetUsd: 0.03 }
    const { taskId } = await submitTask(stores.ports)(asked, CALLER)
    const { budgets, clock } = stores.ports
    const held = { nanoUsd: 2e7, tokens: 0, holder: '1', until: Date.now() / 1_000 + 600 }
    await budgets.reserve(taskId, 'x', held)
    expect(await refuse(taskId, `a${area}`, 'AgentBusyError')).toMatchObject({
      rebound: { agentId: `a${area}`, waitSeconds: expect.any(Number) },
    })
    stores.ports.clock = { now: () => new Date(Date.now() + 90_000) }
    try {
      await expect(refuse(taskId, `a${area}`, 'AgentBusyError')).rejects.toMatchObject({
        name: 'AgentBusyError',
        message: `agent a${area} waits for what others have reserved of the budget`,
      })
      // rebind/B12
      expect((await stepOf(taskId))?.held).toEqual({
        reason: `agent a${area} waits for what others have reserved of the budget`,
        since: (await stepOf(taskId))?.busySince,
      })
      await budgets.settle(taskId, 'x', held, { nanoUsd: 0, tokens: 0 })
      expect(await refuse(taskId, `a${area}`, 'AgentBusyError')).toMatchObject({
        rebound: { agentId: `a${area}` },
      })
    } finally {
      stores.ports.clock = clock
    }
  })

  it('chooses the agent of a step that is bound late, and counts no failure against any agent', async () => {
    const { taskId, ids } = await seed(['a', 'b'], { bind: 'late' })
    expect((await stores.ports.plans.getPlan(taskId)).bindings).toEqual({})
    const first = () =>
      rebindStep(stores.ports)({
        taskId,
        execution: 1,
        path: 's',
        fence: '0000.000000000000001.0000',
        owner: 'rebinder',
        error: { Cause: '' },
      })
    expect(await first()).toMatchObject({ rebound: { agentId: ids[0], waitSeconds: 0 } })
    expect(await first()).toMatchObject({ rebound: { agentId: ids[0] } })
    expect(await stepOf(taskId)).toMatchObject({ status: 'running', agentId: ids[0], attempts: [] })
  })

  it('reports that no agent can run a step that is bound late', async () => {
    const { taskId } = await seed([], { bind: 'late' })
    const call = { taskId, execution: 1, path: 's', fence: '1', owner: 'rebinder', error: { Cause: '' } }
    await expect(rebindStep(stores.ports)(call)).rejects.toMatchObject({
      name: 'StepFailedError',
      message: 'NoAgentError: step "s": nobody can run it: no agent offers it',
    })
  })

  it('goes on after a failure that a handler takes care of (rebind/B4, settle/Z2)', async () => {
    const { taskId, ids } = await seed(['a'], { onFailure: { step: 'h' } }, { h: {} })
    expect(await fail(taskId, ids[0] ?? '', 'AgentFailedError')).toEqual({ settled: 'failed' })
    const plan = await stores.ports.plans.getPlan(taskId)
    const task = { id: taskId, metadata: {} }
    const { steps } = stores.ports
    const records = await recordsOfNeeds(steps, plan, 'h')
    expect(await resolveStep(stores.ports, task, plan, 'h', records)).toEqual({
      kind: 'run',
      input: { q: 1 },
    })
  })

  it('skips a handler of a step that has not failed (resolve/R3)', async () => {
    const { taskId, ids } = await seed(['a'], { onFailure: { step: 'h' } }, { h: {} })
    const { plans, steps } = stores.ports
    const own = { taskId, path: 's', owner: 'o', fence: '000000' }
    await steps.takeOverStep(own, { agentId: ids[0] ?? '', startedAt: 'x' })
    await steps.endStep(own, { status: 'succeeded', endedAt: 'y', output: { inline: '1' } })
    const plan = await plans.getPlan(taskId)
    const records = await recordsOfNeeds(steps, plan, 'h')
    expect(await resolveStep(stores.ports, { id: taskId, metadata: {} }, plan, 'h', records)).toEqual({
      kind: 'skip',
      reason: '"s" did not fail',
    })
  })

  it('goes on without the step when it may fail (rebind/B4, settle/Z1)', async () => {
    const { taskId, ids } = await seed(['a'], { onFailure: 'continue' })
    expect(await fail(taskId, ids[0] ?? '', 'AgentFailedError')).toEqual({ settled: 'failed' })
    expect(await stepOf(taskId)).toMatchObject({ status: 'failed' })
    expect(stores.recorded.events.at(-1)).toMatchObject({ type: 'step.failed', subject: taskId })
  })

  it('puts a degraded value in its place, and marks it (rebind/B4)', async () => {
    const { taskId, ids } = await seed(['a'], { onFailure: { output: { guess: '{% $input.q %}' } } })
    expect(await fail(taskId, ids[0] ?? '', 'AgentFailedError')).toEqual({ settled: 'succeeded' })
    expect(await stepOf(taskId)).toMatchObject({
      status: 'succeeded',
      output: { inline: '{"guess":1}' },
      degraded: expect.stringContaining('boom'),
    })
  })

  it('continues after a step that succeeded after all (rebind/B1)', async () => {
    const { taskId, ids } = await seed(['a'])
    const { steps } = stores.ports
    const own = { taskId, path: 's', owner: 'o', fence: '000000' }
    await steps.takeOverStep(own, { agentId: ids[0] ?? '', startedAt: 'x' })
    await steps.endStep(own, { status: 'succeeded', endedAt: 'y', output: { inline: '1' } })
    expect(await fail(taskId, ids[0] ?? '', 'Lambda.Unknown', false)).toEqual({ settled: 'succeeded' })
    expect((await stepOf(taskId))?.attempts).toEqual([])
  })

  it('ends when the task has been cancelled (rebind/B3)', async () => {
    const { taskId, ids } = await seed(['a', 'b'])
    const task = await stores.ports.tasks.findTask(taskId)
    await stores.ports.tasks.endTask({
      ...task,
      status: 'cancelled',
      endedAt: 'z',
      reason: 'enough',
    } as never)
    await expect(fail(taskId, ids[0] ?? '', 'AgentFailedError')).rejects.toMatchObject({
      name: 'TaskCancelledError',
    })
  })
})
