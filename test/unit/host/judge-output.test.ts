import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { defineAgent } from '../../../shared/agent/index.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { epochsAt, sumsAt } from '../../../shared/selector/decayed-counters.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

let world: ReturnType<typeof hostInMemory>
let work: ReturnType<typeof vi.fn<Work>>
let judged: ReturnType<typeof vi.fn<Work>>
let taskId: string
let invocations: number
beforeEach(async () => {
  world = hostInMemory()
  work = vi.fn<Work>(async () => 'a text')
  judged = vi.fn<Work>(async () => ({ score: 0.25, reasons: ['So.'], quotes: [] }))
  invocations = 0
  const evaluate = { judge: { rubric: 'It is good.' } }
  const steps = { a: { capability: 'work.do', evaluate } }
  taskId = await seedTask(world.ports, { steps, agents: [makeAgent()] })
})

const writer = workingAgent((input, context) => work(input, context))
const judge = defineAgent({
  id: 'judge',
  version: '1.0.0',
  description: 'for tests',
  capabilities: { 'evaluate.judge': { description: '', input: z.unknown(), output: z.unknown() } },
  execute: (call, context) => judged(call.input, context),
})

function invoke(agent: typeof writer, second: number, milliseconds = 60_000, hosts = world.hosts) {
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const payload = { taskId, path: 'a', state: { EnteredTime, RetryCount: 0 }, redrives: 0 }
  const invocation = { id: `request-${++invocations}`, remainingMs: () => milliseconds }
  return runStep(hosts)(agent, payload, invocation)
}

/** What the rebinder writes before it has the judge called. */
async function rebind(second: number) {
  const EnteredTime = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).getTime()
  const fence = `0001.0000.${String(EnteredTime).padStart(15, '0')}.0000`
  const own = { taskId, path: 'a', owner: 'rebinder', fence }
  const startedAt = world.ports.clock.now().toISOString()
  await world.ports.steps.takeOverStep(own, { startedAt, agentId: 'judge', reboundBy: fence })
}

const record = async () => (await world.ports.steps.findSteps(taskId, ['a']))[0]

describe('an output that waits for its judge', () => {
  it('is kept with the step, and its agent is not called again for it (judging/W1)', async () => {
    await expect(invoke(writer, 0)).rejects.toMatchObject({ name: 'JudgementPendingError' })
    // The worker has died before its answer arrived.
    await expect(invoke(writer, 1)).rejects.toMatchObject({ name: 'JudgementPendingError' })
    expect(work).toHaveBeenCalledTimes(1)
    expect(await record()).toMatchObject({
      status: 'running',
      attempts: [],
      judging: { agentId: 'worker', capability: 'work.do', output: { inline: '"a text"' }, checks: [] },
    })
  })

  it('is judged by the agent that the step was given to for it, and becomes the output (judging/W1)', async () => {
    await expect(invoke(writer, 0)).rejects.toThrow()
    await rebind(1)
    // The first judge dies without a word.
    const began = Promise.withResolvers<void>()
    judged.mockImplementationOnce(() => {
      began.resolve()
      return new Promise(() => {})
    })
    void invoke(judge, 2, 3_600_000).catch(() => {})
    await began.promise
    expect(await invoke(judge, 3)).toEqual({ path: 'a', status: 'succeeded', agentId: 'worker' })
    const done = await record()
    expect(done).toMatchObject({
      status: 'succeeded',
      output: { inline: '"a text"' },
      agentId: 'worker',
      evaluation: { score: 0.25, checks: [{ kind: 'judge', reason: 'So.' }] },
      attempts: [{ agentId: 'judge', error: { name: 'Lambda.Unknown' } }],
    })
    expect(done).not.toHaveProperty('judging')
  })

  it('has its score counted for its own agent, without the cost of the judge (judging/W3)', async () => {
    work.mockImplementationOnce(async (_input, { spend }) => {
      spend({ costUsd: 0.5 })
      return 'a text'
    })
    judged.mockImplementationOnce(async (_input, { spend }) => {
      spend({ costUsd: 0.25 })
      return { score: 0.25 }
    })
    await expect(invoke(writer, 0)).rejects.toThrow()
    await rebind(1)
    await invoke(judge, 2)
    const at = world.ports.clock.now().getTime() / 1_000
    const subject = { agentId: 'worker', version: '1.0.0', capability: 'work.do' }
    const [epochs = []] = await world.ports.statistics.find([subject], epochsAt(at))
    expect(sumsAt(epochs, at)).toMatchObject({
      calls: 1,
      successes: 1,
      quality: expect.closeTo(0.25, 4),
      costUsd: expect.closeTo(0.5, 4),
    })
    // Both are costs of the step (judging/W2).
    expect(await record()).toMatchObject({ costUsd: 0.25, uncounted: { costUsd: 0.5 } })
  })

  it('fails in the hands of an agent that cannot judge, and is not given to it again (judging/W1)', async () => {
    await expect(invoke(writer, 0)).rejects.toThrow()
    await rebind(1)
    // The registry may say of an agent what its function does not.
    await expect(invoke(writer, 2)).rejects.toMatchObject({
      name: 'AgentFailedError',
      message: 'worker does not offer evaluate.judge',
    })
    expect(await record()).toMatchObject({ judging: {}, attempts: [{ agentId: 'judge' }] })
  })

  it.each(['findSteps', 'getPlan'] as const)(
    'stays where its judge is called and %s fails (judging/W1)',
    async (method) => {
      await expect(invoke(writer, 0)).rejects.toThrow()
      await rebind(1)
      const { steps, plans } = world.hosts
      const down = () => Promise.reject(new OrchestratorError('UnavailableError', 'try again'))
      const failing =
        method === 'findSteps'
          ? { ...world.hosts, steps: { ...steps, findSteps: down } }
          : { ...world.hosts, plans: { ...plans, getPlan: down } }
      await expect(invoke(judge, 2, 60_000, failing)).rejects.toThrow('try again')
      expect(await record()).toMatchObject({ judging: { output: { inline: '"a text"' } } })
      expect(await invoke(judge, 3)).toEqual({ path: 'a', status: 'succeeded', agentId: 'worker' })
    },
  )

  it('is made anew where a call of its agent begins anew', async () => {
    await expect(invoke(writer, 0)).rejects.toThrow()
    await world.ports.steps.reopenStep(taskId, 'a', { at: '2026-01-01T00:00:01.000Z', before: '0002.' })
    expect(await record()).not.toHaveProperty('judging')
  })
})
