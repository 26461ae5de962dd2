import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type AgentContext, defineAgent, FinalError, type Json } from '../../../shared/agent/index.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { answerCallback } from '../../../shared/app/suspending/answer-callback.ts'
import { wakeAgain } from '../../../shared/app/suspending/wake-again.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { RebindPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import { partsOfCallback } from '../../../shared/domain/callback.ts'
import { runStep } from '../../../shared/host/run-step.ts'
import { hostSuspending } from '../../../shared/host/suspending/host-suspending.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { silentPorts } from '../../support/agents/silent-host.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const capability = (suspends: boolean) => ({
  name: 'job.run',
  description: 'Runs a job',
  inputSchema: {},
  outputSchema: {},
  ...(suspends ? { suspends } : {}),
})

/** A task with one step of an agent that does `turn` in each call, and another agent that does not suspend. */
async function begun(turn: (context: AgentContext) => Promise<unknown>, more: { when?: string } = {}) {
  const { ports } = stores
  await ports.agents.putAgent({ ...makeAgent({ id: 'worker' }), capabilities: [capability(true)] })
  await ports.agents.putAgent({ ...makeAgent({ id: 'second' }), capabilities: [capability(false)] })
  const step = { capability: 'job.run', agent: 'worker', fallback: ['second'], ...more }
  const state = { open: { conflict: 'last-write-wins' as const, initial: true } }
  const workflow = { name: 'w', state, steps: { a: step } }
  const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {} }, CALLER)
  let calls = 0
  const agent = defineAgent({
    id: 'worker',
    version: '1.0.0',
    description: 'Does jobs',
    capabilities: {
      'job.run': { description: 'Runs a job', input: z.json(), output: z.json(), suspends: true },
    },
    execute: async (_call, context) => {
      calls++
      return (await turn(context)) as Json
    },
  })
  const suspending = hostSuspending({ ...ports, callbackUrl: 'https://api.test/api/v1' })
  const run = runStep({ ...silentPorts(ports), suspending })
  const payload = (at: number, retry = 0, redrives = 0) => ({
    taskId,
    path: 'a',
    state: { EnteredTime: new Date().toISOString(), RetryCount: retry },
    redrives,
    turn: at,
  })
  return {
    taskId,
    calls: () => calls,
    call: (at: number, retry = 0, redrives = 0) =>
      run(agent, payload(at, retry, redrives), {
        id: `r${redrives}.${at}.${retry}`,
        remainingMs: () => 60_000,
      }),
    rebind: (at: number, error: string) =>
      rebindStep(ports)({
        ...RebindPayloadSchema.parse({
          ...payload(at),
          error: { error: { Error: error, Cause: '{}' }, turn: at },
        }),
        owner: 'b',
      }),
    record: async () => (await ports.steps.findSteps(taskId, ['a']))[0],
    task: () => ports.tasks.findTask(taskId),
  }
}

const hour = async (context: AgentContext) =>
  context.resumed?.by ?? context.suspend({ until: { seconds: 3_600 } })

describe('the host of an agent that suspends', () => {
  it('answers a repeated call as the first, and calls no agent: a crash after the record loses nothing (host/H10, suspend/S1)', async () => {
    const step = await begun(hour)
    const first = await step.call(0)
    expect(first).toMatchObject({
      status: 'waiting',
      agentId: 'worker',
      suspended: { n: 1, seconds: 3_601, heartbeat: 3_600, turn: 1 },
    })
    expect(await step.call(0, 1)).toEqual(first)
    expect(await step.call(1)).toMatchObject({ suspended: { n: 1, turn: 2 } })
    expect(step.calls()).toBe(1)
    expect((await step.record())?.attempts).toEqual([])
    expect(await step.task()).toMatchObject({ status: 'waiting' })
  })

  it('goes on whatever its condition has become while it waited: it has begun (resolve/R2)', async () => {
    const step = await begun(
      async ({ resumed, state, suspend }) => {
        if (resumed) return 'done'
        await state.set('open', false)
        return suspend({ until: { seconds: 0 } })
      },
      { when: '{% $state.open %}' },
    )
    expect(await step.call(0)).toMatchObject({ status: 'waiting' })
    expect(await step.call(1)).toMatchObject({ status: 'succeeded' })
  })

  it('waits no more where another agent has the step; its own waits while it is busy (leave/V1, leave/V2)', async () => {
    const step = await begun(hour)
    await step.call(0)
    expect(await step.rebind(1, 'Lambda.TooManyRequestsException')).toMatchObject({
      rebound: { agentId: 'worker' },
    })
    expect(await step.task()).toMatchObject({ status: 'waiting' })
    expect(await step.call(2)).toMatchObject({ suspended: { n: 1 } })
    expect(await step.rebind(3, 'AgentFinalError')).toMatchObject({ rebound: { agentId: 'second' } })
    expect(await step.task()).toMatchObject({ status: 'running' })
  })

  it('keeps nothing of a callback that opens it but with the step that has made it (callback/C1)', async () => {
    let token = ''
    const step = await begun(async (context) => {
      const callback = await context.callback()
      token = callback.token
      return context.resumed?.by ?? context.suspend({ until: { callback, timeoutSeconds: 60 } })
    })
    await step.call(0)
    const parts = partsOfCallback(token)
    const stored = parts && (await stores.ports.callbacks.findCallback(parts))
    expect(stored).toMatchObject({ path: 'a', n: 1, digest: stores.ports.ids.digest(parts?.secret ?? '') })
    expect(JSON.stringify(stored)).not.toContain(parts?.secret)
    await answerCallback(stores.ports)({ token, output: 1 })
    expect(await step.call(1)).toMatchObject({ status: 'succeeded' })
    expect(await step.task()).toMatchObject({ status: 'running' })
  })

  it('is woken again by the sweep where who has woken it died before he sent the token (suspending/V2)', async () => {
    const step = await begun(hour)
    await step.call(0)
    const { suspensions, executions, clock } = stores.ports
    const place = { runKey: step.taskId, path: 'a' }
    await stores.suspendAt(step.taskId, 'a', 'token of a', 1)
    const woken = { n: 1, by: { kind: 'time' as const }, cause: 'x' }
    await suspensions.wake(place, { ...woken, at: clock.now().toISOString() })
    const after = (minutes: number) => ({
      now: () => new Date(clock.now().getTime() + minutes * 60_000),
    })
    const task = { id: step.taskId, execution: 1 }
    const sweep = (minutes: number) => wakeAgain({ suspensions, executions, clock: after(minutes) }, task)
    expect([await sweep(0), await sweep(1), await sweep(11)]).toEqual([0, 1, 0])
    expect(stores.recorded.woken).toContain('token of a')
  })

  it('goes on from where it was when the execution is redriven after a turn that has failed (suspending/V1)', async () => {
    const seen: unknown[] = []
    const step = await begun(async ({ resumed, suspend }) => {
      seen.push(resumed && [resumed.n, resumed.state, resumed.by.kind])
      if (!resumed) return suspend({ until: { seconds: 0 }, state: 'kept' })
      if (seen.length < 3) throw new FinalError('broken')
      return 'mended'
    })
    await step.call(0)
    await expect(step.call(1)).rejects.toThrow('broken')
    expect(await step.call(1, 0, 1)).toMatchObject({ status: 'succeeded' })
    expect(seen).toEqual([undefined, [1, 'kept', 'time'], [1, 'kept', 'time']])
  })
})
