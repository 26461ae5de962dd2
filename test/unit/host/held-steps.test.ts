import { expect, it } from 'vitest'
import * as z from 'zod'
import { RetryableError } from '../../../shared/agent/index.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { listTaskEvents } from '../../../shared/app/views/list-events.ts'
import { showTaskStep } from '../../../shared/app/views/read-tasks.ts'
import { RebindPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { type Work, workingAgent } from '../../support/agents/working-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

const LIMITS = { timeoutSeconds: 60, memoryMb: 512, maxConcurrency: 1 }

/** A step that its state and its rebinder call by turns, on in-memory tables and in virtual time. */
async function world(work: Work, step: { retry?: { maxAttempts: number } } = {}) {
  const { ports, hosts, clock } = hostInMemory()
  const taskId = await seedTask(ports, {
    steps: { a: { capability: 'work.do', ...step } },
    agents: [makeAgent({ limits: LIMITS })],
    input: {},
  })
  const agent = workingAgent(work, { input: z.looseObject({}), output: z.looseObject({}), limits: LIMITS })
  let turn = 0
  const state = () => ({ EnteredTime: new Date(clock.now()).toISOString(), RetryCount: 0 })
  const call = async (): Promise<{ name: string; message: string } | undefined> => {
    const payload = { taskId, path: 'a', state: state(), redrives: 0, turn }
    const invocation = { id: `r${turn}-${clock.now()}`, remainingMs: () => 60_000 }
    return runStep(hosts)(agent, payload, invocation).then(
      () => undefined,
      (error: Error) => error,
    )
  }
  const rebind = async ({ name, message }: { name: string; message: string }) => {
    const error = { error: { Error: name, Cause: JSON.stringify({ errorMessage: message }) }, turn }
    const payload = { taskId, path: 'a', state: state(), redrives: 0, error }
    const answer = await rebindStep(ports)({
      ...RebindPayloadSchema.parse(payload),
      owner: `rebinder${turn}`,
    })
    turn += 1
    return 'rebound' in answer ? answer.rebound.waitSeconds : undefined
  }
  const view = () => showTaskStep(ports)({ id: taskId, stepId: 'a' }, CALLER)
  const started = async () => {
    const { events } = await listTaskEvents(ports)({ id: taskId, limit: 100 }, CALLER)
    return events.flatMap(({ type, time }) => (type === 'step.started' ? [time] : []))
  }
  const isoNow = () => new Date(clock.now()).toISOString()
  return { ports, clock, call, rebind, view, started, isoNow }
}

it('says why a step is held and until when, and begins only when its agent is called (rebind/B12)', async () => {
  const { ports, clock, call, rebind, view, started, isoNow } = await world(async () => ({}))
  await ports.limits.takeSlot('agent:worker', { id: 'another', until: clock.now() / 1_000 + 600 }, 1)
  const begun = isoNow()
  const since = begun
  for (let times = 0; times < 2; times++) {
    const refused = await call()
    if (!refused) throw new Error('it was not refused')
    expect(refused).toMatchObject({ name: 'AgentBusyError' })
    const waitSeconds = (await rebind(refused)) ?? 0
    expect(waitSeconds).toBeGreaterThan(0)
    const held = await view()
    const until = new Date(clock.now() + waitSeconds * 1_000).toISOString()
    expect(held).toMatchObject({
      status: 'running',
      startedAt: begun,
      held: { reason: refused.message, since, until },
    })
    expect(held).not.toHaveProperty('attemptStartedAt')
    expect(await started()).toEqual([])
    await clock.sleep(1_000 * waitSeconds)
  }
  await clock.sleep(600_000)
  const called = isoNow()
  expect(await call()).toBeUndefined()
  const step = await view()
  expect(step).toMatchObject({ status: 'succeeded', startedAt: begun, attemptStartedAt: called })
  expect(step).not.toHaveProperty('held')
  expect(step.durationMs).toBe(Date.parse(step.endedAt ?? '') - Date.parse(begun))
  expect(await started()).toEqual([called])
})

it('counts the time of a step from its first attempt, and tells when an agent wants to be called again', async () => {
  let calls = 0
  const { clock, call, rebind, view, started, isoNow } = await world(
    async () => {
      calls += 1
      await clock.sleep(2_000)
      if (calls === 1) throw new RetryableError('the quota is used up', { retryAfterSeconds: 30 })
      return {}
    },
    { retry: { maxAttempts: 3 } },
  )
  const begun = isoNow()
  const failed = await call()
  if (!failed) throw new Error('it did not fail')
  const waitSeconds = (await rebind(failed)) ?? 0
  expect(await view()).toMatchObject({
    startedAt: begun,
    held: { reason: expect.stringContaining('the quota is used up'), until: expect.any(String) },
    attempts: [{ startedAt: begun, askAgainAt: new Date(clock.now() + 30_000).toISOString() }],
  })
  expect(await started()).toEqual([begun])
  await clock.sleep(1_000 * waitSeconds)
  const again = isoNow()
  expect(await call()).toBeUndefined()
  const step = await view()
  expect(step).toMatchObject({ startedAt: begun, attemptStartedAt: again, status: 'succeeded' })
  expect(step.durationMs).toBe(2_000 + 1_000 * waitSeconds + 2_000)
  expect(await started()).toEqual([begun, again])
})
