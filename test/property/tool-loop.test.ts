/** A loop of ten turns whose worker dies at every one of its operations, and again. */
import { describe, expect, it } from 'vitest'
import type { AgentTool } from '../../shared/agent/index.ts'
import { spentAndHeld } from '../../shared/app/limits/spend-budget.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { loopingAgent, modelHost } from '../support/agents/model-host.ts'

const TURNS = 10
const MOST_ATTEMPTS = 20
const LIMIT_USD = 1_000
/** The price of a token, in billionths of a dollar: a thousand dollars a million. */
const NANO_A_TOKEN = 1_000_000

/** A target that honours idempotency keys; how often it was asked, and which calls it has acted on. */
function target() {
  const acted = new Map<string, unknown>()
  let asked = 0
  const tool: AgentTool = {
    name: 'book',
    description: 'books',
    schema: { type: 'object', properties: { seat: { type: 'integer' } }, required: ['seat'] },
    async run(input, { idempotencyKey }) {
      asked += 1
      if (!acted.has(idempotencyKey)) acted.set(idempotencyKey, input)
      return { booked: acted.get(idempotencyKey) as never }
    },
  }
  return { tool, acted, asked: () => asked }
}

/** The model asks for one seat after another: its answer depends on what it has seen, not on how often it was asked. */
const script = ({ messages }: { messages: readonly { role: string }[] }) => {
  const turn = 1 + messages.filter(({ role }) => role === 'assistant').length
  const usage = { inputTokens: 20 + turn, outputTokens: 5 }
  return turn < TURNS ? { calls: [{ name: 'book', input: { seat: turn } }], usage } : { text: 'done', usage }
}
const USED = Array.from({ length: TURNS }, (_, at) => 20 + at + 1 + 5).reduce((sum, one) => sum + one, 0)

async function runWith(deaths: readonly number[]) {
  const { tool, acted, asked } = target()
  const world = modelHost(script)
  const agent = loopingAgent({ tools: [tool] })
  const taskId = await world.seed({
    step: { retry: { maxAttempts: MOST_ATTEMPTS } },
    budgetUsd: LIMIT_USD,
  })
  let died = 0
  let operations = 0
  for (const dies of [...deaths, 1e9]) {
    const { answer, operations: made } = await world.invoke(agent, taskId, { dies })
    operations = made
    if (answer === 'died') died += 1
    const budget = await world.ports.budgets.find(taskId)
    expect(budget?.available.nanoUsd).toBeGreaterThanOrEqual(0)
    if (answer !== 'died') break
  }
  const budget = await world.ports.budgets.find(taskId)
  if (!budget) throw new Error('there is no budget')
  const now = world.clock.now() / 1_000
  return { world, taskId, died, operations, acted, asked: asked(), spent: spentAndHeld(budget, now), budget }
}

type Ended = Awaited<ReturnType<typeof runWith>>

/** Every invariant of a loop that has ended, however often its worker has died. */
async function check({ world, taskId, died, acted, asked, spent, budget }: Ended): Promise<void> {
  expect(await world.output(taskId)).toEqual({ text: 'done', turns: TURNS })
  // No tool twice, and none left out (tool-loop/L2).
  const seats = [...acted.values()].map((input) => (input as { seat: number }).seat)
  expect(seats.sort((a, b) => a - b)).toEqual(Array.from({ length: TURNS - 1 }, (_, at) => at + 1))
  expect(asked).toBeLessThanOrEqual(TURNS - 1 + died)
  // No turn is lost: each death costs at most the turn that was being asked for (tool-loop/L1).
  expect(world.calls.length).toBeLessThanOrEqual(TURNS + died)
  // The cost of each call counts once; a death in the middle of one costs what was held for it (model-gate/G2).
  const again = world.calls.length - TURNS
  const most = (USED + died * 4_000) * NANO_A_TOKEN
  expect(spent.held).toEqual({ nanoUsd: 0, tokens: 0 })
  expect(spent.spent.nanoUsd).toBeGreaterThanOrEqual((USED + again * 26) * NANO_A_TOKEN)
  expect(spent.spent.nanoUsd).toBeLessThanOrEqual(most)
  expect((budget.available.nanoUsd ?? 0) + budget.spent.nanoUsd).toBe(LIMIT_USD * 1e9)
}

describe('a loop of ten turns', () => {
  it('without a death asks each turn once, and pays for exactly that', async () => {
    const ended = await runWith([])
    await check(ended)
    expect(ended.world.calls).toHaveLength(TURNS)
    expect(ended.spent.spent.nanoUsd).toBe(USED * NANO_A_TOKEN)
    const [record] = await ended.world.ports.steps.findSteps(ended.taskId, ['a'])
    expect(record?.tokens).toBe(USED)
  })

  it('whose worker dies at any operation runs no tool twice, loses no turn, and counts its cost once (tool-loop/L1, tool-loop/L2, model-gate/G2)', async () => {
    const { operations } = await runWith([])
    expect(operations).toBeGreaterThan(100)
    let kills = 0
    for (let dies = 0; dies < operations; dies++) {
      const ended = await runWith([dies])
      await check(ended)
      kills += ended.died
    }
    const random = seededRandom('kills')
    while (kills < 300 + operations) {
      const deaths = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
        Math.floor(random() * operations),
      )
      const ended = await runWith(deaths)
      await check(ended)
      kills += ended.died
    }
    expect(kills).toBeGreaterThanOrEqual(300)
  }, 240_000)
})

describe('an attempt whose time is nearly over', () => {
  it('goes on as another, which uses up no attempt; what it has cost is kept (tool-loop/L7)', async () => {
    const { tool } = target()
    let now = Date.UTC(2026, 0, 1)
    const world = modelHost((call) => {
      now += 12_000
      return script(call)
    })
    const agent = loopingAgent({ tools: [tool] })
    const taskId = await world.seed({ step: { retry: { maxAttempts: 1 } }, budgetUsd: LIMIT_USD })
    const names: string[] = []
    for (let turn = 0; turn < TURNS; turn++) {
      const failure = await world.invoke(agent, taskId, { turn, now: () => new Date(now) }).then(
        () => undefined,
        (error: Error) => error,
      )
      if (!failure) break
      names.push(failure.name)
      const answer = await world.rebind(taskId, turn, failure)
      expect(answer).toMatchObject({ rebound: { agentId: 'worker', waitSeconds: 1 } })
    }
    // Four turns of 12 s in 58.5 s leave less than a quarter.
    expect(names).toEqual(['AgentContinuesError', 'AgentContinuesError'])
    expect(world.calls).toHaveLength(TURNS)
    const [record] = await world.ports.steps.findSteps(taskId, ['a'])
    expect(record?.attempts).toEqual([])
    expect((record?.uncounted?.tokens ?? 0) + (record?.tokens ?? 0)).toBe(USED)
    expect((await world.ports.budgets.find(taskId))?.spent.nanoUsd).toBe(USED * NANO_A_TOKEN)
  })
})
