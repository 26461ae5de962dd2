/** Admission: what the host reserves for an agent's call, which outcome it reports, and what it releases. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent } from '../../../shared/agent/index.ts'
import { healthOf } from '../../../shared/app/agents/agent-statistics.ts'
import { resetAgent } from '../../../shared/app/agents/manage-agents.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentHost } from '../../support/agents/silent-host.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

const CHEAPEST = { prefer: { quality: 0, cost: 1, latency: 0 } }
type Work = (context: AgentContext) => Promise<unknown>
type Declared = Pick<Parameters<typeof defineAgent>[0], 'limits' | 'price' | 'model'>

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

let areas = 0
let entries = 0

/** A task with an agent of this test alone, with or without an alternative. */
async function begin(
  declared: Declared,
  { task = {}, step = {}, rivals = 0 }: { task?: object; step?: object; rivals?: number } = {},
) {
  const capability = `door${++areas}.do`
  const id = `door${areas}`
  const defined = (work: Work) =>
    defineAgent({
      id,
      version: '1.0.0',
      description: 'for tests',
      ...declared,
      capabilities: { [capability]: { description: '', input: z.any(), output: z.any() } },
      execute: (_call, context) => work(context) as never,
    })
  const { manifest } = defined(async () => null)
  const { functionArn, registeredAt } = makeAgent({ id })
  const agent = { ...manifest, status: 'active' as const, origin: 'api' as const, functionArn, registeredAt }
  // The dearer agents are not chosen here.
  const others = Array.from({ length: rivals }, (_, at) =>
    makeAgent({ id: `rival${areas}x${at}`, capability, price: { perCallUsd: 1 } }),
  )
  const workflow = await seedWorkflow(stores.ports, {
    steps: {
      s: { capability, ...(rivals > 0 ? CHEAPEST : { agent: id }), ...step },
    },
    agents: [agent, ...others],
  })
  const submit = async () => {
    const asked = { workflow, input: {}, metadata: {}, ...task }
    return (await submitTask(stores.ports)(asked, CALLER)).taskId
  }
  const invoke = (taskId: string, work: Work, path = 's') => {
    const second = new Date(Date.UTC(2026, 0, 1) + 1_000 * ++entries).toISOString()
    const payload = { taskId, path, state: { EnteredTime: second, RetryCount: 0 }, redrives: 0 }
    const invocation = { id: `r${entries}`, remainingMs: () => 60_000 }
    return silentHost(stores.ports)(defined(work), payload, invocation)
  }
  const health = async () => {
    const all = await healthOf(stores.ports, [agent])
    return all.get(id)
  }
  return { id, agent, capability, submit, invoke, health }
}
/** Tests call an agent again without a state machine in between. */
const PATIENT = { retry: { maxAttempts: 9 } }
const failing: Work = async () => {
  throw new Error('boom')
}
const stepOf = async (taskId: string) => (await stores.ports.steps.findSteps(taskId, ['s']))[0]
/** A worker that dies: what becomes of its call, which ends by its timeout in another file's time, is told to no one. */
const diesUntold = (call: Promise<unknown>): void => void call.catch(() => {})
const slotsOf = async (id: string) => stores.ports.limits.listSlots(`agent:${id}`)

describe('what is held for a call', () => {
  it('is released when the agent itself says that it is too busy: the call is a refusal, not a failure (admission/T1, admission/T2, admission/T3, attempt/J2)', async () => {
    const { id, submit, invoke, health } = await begin(
      { limits: { maxConcurrency: 1 }, price: { mostUsd: 0.5 } },
      { task: { budgetUsd: 1 } },
    )
    const taskId = await submit()
    const throttled: Work = async (context) => {
      expect(await slotsOf(id)).toHaveLength(1)
      context.spend({ costUsd: 0.01 })
      throw new OrchestratorError('AgentBusyError', 'the model is throttled', { waitSeconds: 30 })
    }
    await expect(invoke(taskId, throttled)).rejects.toMatchObject({ name: 'AgentBusyError' })
    expect(await slotsOf(id)).toEqual([])
    const budget = await stores.ports.budgets.find(taskId)
    expect(budget).toMatchObject({ available: { nanoUsd: 0.99e9 }, spent: { nanoUsd: 0.01e9 } })
    expect(budget?.reserved.size).toBe(0)
    const record = await stepOf(taskId)
    expect(record?.attempts).toEqual([])
    expect(Date.parse(record?.askAgainAt ?? '') - Date.now()).toBeGreaterThan(25_000)
    expect((await health())?.health).toEqual({})
  })

  it('uses up no rate quota for a call that the budget refuses (admission/T1)', async () => {
    const { submit, invoke } = await begin(
      { limits: { ratePerMinute: 2 }, price: { mostUsd: 0.6 } },
      { task: { budgetUsd: 1 }, step: PATIENT },
    )
    const taskId = await submit()
    const { budgets } = stores.ports
    await budgets.reserve(taskId, 'other', {
      nanoUsd: 0.6e9,
      tokens: 0,
      holder: '1',
      until: Date.now() / 1_000 + 60,
    })
    for (let times = 0; times < 4; times++)
      await expect(invoke(taskId, async () => 1)).rejects.toThrow('waits for what others have reserved')
    const reserved = (await budgets.find(taskId))?.reserved.get('other')
    await budgets.settle(taskId, 'other', reserved as never, { nanoUsd: 0, tokens: 0 })
    expect(await invoke(taskId, async () => 1)).toMatchObject({ status: 'succeeded' })
  })

  it("never exceeds a model's rate in a minute for all callers together, and says when to ask again", async () => {
    const { submit, invoke } = await begin({
      price: { mostTokens: 600 },
      model: { name: `model-${areas}`, tokensPerMinute: 1_000 },
    })
    const [first, second] = [await submit(), await submit()]
    // Avoids the end of a minute, where the rate window changes.
    while (new Date().getSeconds() > 57) await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await invoke(first, async () => 1)).toMatchObject({ status: 'succeeded' })
    await expect(invoke(second, async () => 1)).rejects.toMatchObject({
      name: 'AgentBusyError',
      message: `model model-${areas - 1} is at its limit of 1000 tokens a minute`,
    })
    expect((await stepOf(second))?.askAgainAt).toMatch(/:00\.\d+Z$|:0[01]\.\d+Z$/)
  })

  it('stops a task that has overdrawn its budget at its next step, with declared prices or not (budget/U1)', async () => {
    const { submit, invoke } = await begin({}, { task: { budgetUsd: 1, budgetTokens: 1_000 }, step: PATIENT })
    const taskId = await submit()
    const spending: Work = async (context) => {
      context.spend({ costUsd: 0.8, tokens: 900 })
      throw new Error('and fails')
    }
    await expect(invoke(taskId, spending)).rejects.toThrow('and fails')
    await expect(invoke(taskId, spending)).rejects.toThrow('and fails')
    await expect(invoke(taskId, spending)).rejects.toMatchObject({ name: 'BudgetExceededError' })
    expect(await stores.ports.budgets.find(taskId)).toMatchObject({
      spent: { nanoUsd: 1.6e9, tokens: 1_800 },
    })
  })

  it('is a tenth of the budget if the agent declares no cost: a hundred concurrent calls never overdraw it (budget/U1)', async () => {
    const each = { forEach: '{% [1..100] %}' }
    const { submit, invoke, id } = await begin(
      {},
      { step: each, task: { budgetUsd: 1, budgetTokens: 1_000 } },
    )
    const taskId = await submit()
    const { budgets, plans } = stores.ports
    let most = 0
    const work: Work = async (context) => {
      const held = (await budgets.find(taskId))?.reserved.size ?? 0
      most = Math.max(most, held)
      context.spend({ costUsd: 0.09, tokens: 10 })
      return 1
    }
    const refusals: Error[] = []
    // Calls refused as busy are repeated until the budget cannot hold another reservation (ten cents).
    let paths = Array.from({ length: 100 }, (_, at) => `s[${at}]`)
    while (paths.length > 0) {
      const ended = await Promise.allSettled(paths.map((path) => invoke(taskId, work, path)))
      refusals.push(...ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : [])))
      const isBusy = (at: number): boolean =>
        ended[at]?.status === 'rejected' && ended[at].reason.name === 'AgentBusyError'
      paths = paths.filter((_path, at) => isBusy(at)).slice(0, 15)
    }
    expect(most).toBeLessThanOrEqual(10)
    expect(most).toBeGreaterThan(1)
    expect(new Set(refusals.map(({ name }) => name))).toEqual(
      new Set(['AgentBusyError', 'BudgetExceededError']),
    )
    expect(refusals.at(-1)?.message).toContain('does not say price.mostUsd and price.mostTokens, so a tenth')
    const budget = await budgets.find(taskId)
    expect(budget?.spent.nanoUsd).toBeLessThanOrEqual(1e9)
    expect(budget?.spent.nanoUsd).toBeGreaterThan(0.8e9)
    expect((await plans.getPlan(taskId)).estimate?.assumptions).toContain(
      `agent ${id} does not say price.mostUsd: a tenth of the budget is held for each of its calls`,
    )
  })

  it('is settled by the next attempt when a worker has died after the step had ended (budget/U2)', async () => {
    const { submit, invoke } = await begin({ price: { mostUsd: 0.5 } }, { task: { budgetUsd: 1 } })
    const taskId = await submit()
    const { budgets } = stores.ports
    const { settle } = budgets
    budgets.settle = () => new Promise(() => {})
    diesUntold(invoke(taskId, async () => 1))
    while ((await stepOf(taskId))?.status !== 'succeeded')
      await new Promise((resolve) => setTimeout(resolve, 5))
    budgets.settle = settle
    expect((await budgets.find(taskId))?.reserved.size).toBe(1)
    expect(await invoke(taskId, async () => 1)).toMatchObject({ replayed: true })
    expect((await budgets.find(taskId))?.reserved.size).toBe(0)
  })
})

describe('the outcome of a call', () => {
  it('is counted once, also by the next attempt after a crash of its worker (host/H5, host/H6, attempt/J1)', async () => {
    const { submit, invoke, health, capability } = await begin({}, { rivals: 1, step: PATIENT })
    const taskId = await submit()
    const never: Work = () => new Promise(() => {})
    for (let times = 0; times < 3; times++) {
      diesUntold(invoke(taskId, never))
      const is = entries
      while ((await stepOf(taskId))?.owner !== `r${is}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect(invoke(taskId, failing)).rejects.toThrow('boom')
    expect(await invoke(taskId, async () => 1)).toMatchObject({ status: 'succeeded' })
    const record = await stepOf(taskId)
    expect(record?.attempts.map(({ error }) => error.name)).toEqual([
      'Lambda.Unknown',
      'Lambda.Unknown',
      'Lambda.Unknown',
      'AgentFailedError',
    ])
    expect(await health()).toMatchObject({
      health: { [capability]: { calls: 5, successRate: expect.closeTo(1 / 5, 2) } },
      now: { breaker: 'closed' },
    })
  })

  it('opens the agent’s breaker after repeated crashes, as after failures (breaker/K1)', async () => {
    const { submit, invoke, health } = await begin({}, { rivals: 1 })
    for (let tasks = 0; tasks < 5; tasks++) {
      const taskId = await submit()
      diesUntold(invoke(taskId, () => new Promise(() => {})))
      while ((await stepOf(taskId))?.status !== 'running')
        await new Promise((resolve) => setTimeout(resolve, 5))
      await invoke(taskId, failing).catch(() => {})
    }
    expect(await health()).toMatchObject({ now: { breaker: 'open' } })
  })

  it.each([
    ['a configuration error', new OrchestratorError('ConfigError', 'no key is set')],
    ['a refused input', new OrchestratorError('InvalidInputError', 'no such customer')],
  ])(
    'leaves its breaker closed however often it is %s, also beside real failures (breaker/K7)',
    async (_, error) => {
      const { submit, invoke, health } = await begin({}, { rivals: 1 })
      const misconfigured: Work = async () => {
        throw error
      }
      for (let tasks = 0; tasks < 12; tasks++)
        await expect(invoke(await submit(), misconfigured)).rejects.toMatchObject({ name: error.name })
      await expect(invoke(await submit(), failing)).rejects.toThrow('boom')
      expect(await health()).toMatchObject({ now: { breaker: 'closed' } })
    },
  )

  it('is ignored when it is late and of an earlier version: a new version starts with a closed breaker (breaker/K8)', async () => {
    const { id, agent, submit, invoke, health, capability } = await begin({}, { rivals: 1 })
    const [late, ...tasks] = await Promise.all(Array.from({ length: 7 }, submit))
    const ends = Promise.withResolvers<never>()
    const lateCall = invoke(late as string, () => ends.promise).catch(() => {})
    while ((await stepOf(late as string))?.status !== 'running')
      await new Promise((resolve) => setTimeout(resolve, 5))
    for (const taskId of tasks) await invoke(taskId, failing).catch(() => {})
    expect(await health()).toMatchObject({ health: { [capability]: { calls: 5 } }, now: { breaker: 'open' } })
    const next = { ...agent, version: '1.1.0' }
    const healthOfNext = async () => (await healthOf(stores.ports, [next])).get(id)
    expect(await healthOfNext()).toMatchObject({ health: {}, now: { breaker: 'closed' } })
    ends.reject(new Error('boom'))
    await lateCall
    expect(await healthOfNext()).toMatchObject({ health: {}, now: { breaker: 'closed' } })
  })

  it('is forgotten by a reset, and a call that began before does not open the breaker again', async () => {
    const { id, agent, submit, invoke, health } = await begin({}, { rivals: 1 })
    await stores.ports.agents.putAgent(agent)
    for (let tasks = 0; tasks < 5; tasks++) await invoke(await submit(), failing).catch(() => {})
    expect(await health()).toMatchObject({ now: { breaker: 'open' } })
    expect(await resetAgent(stores.ports)({ id }, CALLER)).toMatchObject({
      id,
      health: {},
      now: { breaker: 'closed' },
    })
    expect(await invoke(await submit(), async () => 1)).toMatchObject({ status: 'succeeded' })
    await expect(resetAgent(stores.ports)({ id: `${id}x` }, CALLER)).rejects.toMatchObject({
      name: 'NotFoundError',
    })
  })

  it('refuses no agent that has no active alternative (breaker/K5)', async () => {
    const { id, submit, invoke, capability, health } = await begin(
      {},
      { step: { retry: { maxAttempts: 1 } } },
    )
    await stores.ports.agents.putAgent(makeAgent({ id: `gone${id}`, capability, status: 'inactive' }))
    for (let tasks = 0; tasks < 7; tasks++)
      await expect(invoke(await submit(), failing)).rejects.toThrow('boom')
    expect(await health()).toMatchObject({ now: { breaker: 'closed' } })
  })

  it('is no failure of the agent when the task’s deadline cut the call off', async () => {
    const { submit, invoke, health } = await begin({}, { task: { deadlineSeconds: 0.3 }, rivals: 1 })
    await expect(invoke(await submit(), () => new Promise(() => {}))).rejects.toMatchObject({
      name: 'DeadlineExceededError',
    })
    expect((await health())?.health).toEqual({})
  })
})
