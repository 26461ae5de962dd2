import { beforeEach, describe, expect, it, vi } from 'vitest'
import { runStep } from '../../../shared/host/run-step.ts'
import { epochsAt, sumsAt } from '../../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

const RULES = {
  long: '{% $length($output) >= $stepInput.least %}',
  polite: '{% $contains($output, "please") %}',
}
let world: ReturnType<typeof hostInMemory>
let work: ReturnType<typeof vi.fn<Work>>
let invocations: number
beforeEach(() => {
  world = hostInMemory()
  work = vi.fn<Work>(async () => 'a text')
  invocations = 0
})

const seed = (evaluate: object, more: object = {}) =>
  seedTask(world.ports, {
    steps: { a: { capability: 'work.do', input: { least: 5 }, evaluate, ...more } },
    agents: [makeAgent()],
  })

function invoke(taskId: string, { path = 'a', second = 0 } = {}) {
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path, state: { EnteredTime, RetryCount: 0 }, redrives: 0 }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => 60_000 }
  return runStep(world.hosts)(
    workingAgent((input, context) => work(input, context)),
    payload,
    invocation,
  )
}

const recordOf = async (taskId: string, path = 'a') => (await world.ports.steps.findSteps(taskId, [path]))[0]

/** What the statistics have of the agent now. */
async function sums() {
  const at = world.ports.clock.now().getTime() / 1_000
  const subject = { agentId: 'worker', version: '1.0.0', capability: 'work.do' }
  const [epochs = []] = await world.ports.statistics.find([subject], epochsAt(at))
  return sumsAt(epochs, at)
}

describe('a step with evaluate', () => {
  it('has the mean of its checks as its score, which is the quality of the call (evaluation/U2)', async () => {
    const taskId = await seed({ rules: RULES })
    expect(await invoke(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await recordOf(taskId)).toMatchObject({
      status: 'succeeded',
      evaluation: {
        score: 0.5,
        checks: [
          { kind: 'rule', name: 'long', score: 1 },
          { kind: 'rule', name: 'polite', score: 0 },
        ],
      },
    })
    expect(await sums()).toMatchObject({ calls: 1, successes: 1, quality: expect.closeTo(0.5, 4) })
  })

  it('fails with a score below atLeast, and says by which checks (evaluation/U1)', async () => {
    const taskId = await seed({ rules: RULES, atLeast: 0.8 })
    const message = 'the output has the score 0.5, and evaluate.atLeast is 0.8: rule "polite" 0'
    await expect(invoke(taskId)).rejects.toMatchObject({ name: 'EvaluationFailedError', message })
    expect(await recordOf(taskId)).toMatchObject({
      status: 'running',
      attempts: [
        { error: { name: 'EvaluationFailedError', message }, evaluation: { score: 0.5, checks: [{}, {}] } },
      ],
    })
    expect(await recordOf(taskId)).not.toHaveProperty('output')
    expect(await sums()).toMatchObject({ calls: 1, successes: 0, quality: expect.closeTo(0.5, 4) })
    const { breaker } = (await world.ports.breakers.find(['worker'])).get('worker') ?? {}
    expect(breaker?.consecutiveFailures ?? 0).toBe(0)
  })

  it('is done again in place where its retry is after errors', async () => {
    const taskId = await seed({ rules: RULES, atLeast: 0.8 }, { retry: { on: ['error'] } })
    await expect(invoke(taskId)).rejects.toMatchObject({ name: 'AgentRetryableError' })
    work.mockResolvedValueOnce('more, please')
    expect(await invoke(taskId, { second: 1 })).toMatchObject({ status: 'succeeded' })
    expect(await recordOf(taskId)).toMatchObject({ evaluation: { score: 1 }, attempts: [{}] })
    expect(await sums()).toMatchObject({ calls: 2, successes: 1, quality: expect.closeTo(1.5, 4) })
  })

  it('is left to the rebinder where its retry is after what passes, as by default', async () => {
    const taskId = await seed({ rules: RULES, atLeast: 0.8 })
    await expect(invoke(taskId)).rejects.toMatchObject({ name: 'EvaluationFailedError' })
  })

  it('reuses no output that its own evaluate would refuse, and keeps none (evaluation/U1)', async () => {
    const cache = { ttlSeconds: 60 }
    const first = await seed({ rules: { any: '{% true %}' } }, { cache })
    await invoke(first)
    const same = await seed({ rules: { any: '{% false %}' } }, { cache })
    await invoke(same)
    expect(await recordOf(same)).toMatchObject({ reused: { taskId: first }, evaluation: { score: 0 } })
    expect(await sums()).toMatchObject({ calls: 1, quality: 1 })
    const strict = await seed({ rules: RULES, atLeast: 0.8 }, { cache })
    await expect(invoke(strict)).rejects.toThrow('the output has the score 0.5')
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('evaluates each item of a fan-out, with its item', async () => {
    const evaluate = { rules: { same: '{% $output = $item %}' } }
    const steps = {
      a: { capability: 'work.do', forEach: '{% $input.list %}', input: '{% $item %}', evaluate },
    }
    const input = { list: ['x', 'a text'] }
    const taskId = await seedTask(world.ports, { steps, agents: [makeAgent()], input })
    const items = await world.ports.values.storeValue(taskId, input.list)
    const own = { taskId, path: 'a', owner: 'o', fence: '0' }
    await world.ports.steps.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
    await world.ports.steps.noteStep(own, { items, itemCount: 2 })
    for (const path of ['a[0]', 'a[1]']) await invoke(taskId, { path })
    expect(await recordOf(taskId, 'a[0]')).toMatchObject({ evaluation: { score: 0 } })
    expect(await recordOf(taskId, 'a[1]')).toMatchObject({ evaluation: { score: 1 } })
  })
})
