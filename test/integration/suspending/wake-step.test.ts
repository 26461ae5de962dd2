import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wakeStep } from '../../../shared/app/suspending/wake-step.ts'
import type { WakeCause } from '../../../shared/domain/suspension.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { seedTask } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

const by: WakeCause = { kind: 'callback', output: { inline: '1' } }
const FENCE = '0001.0000.500000000000000.0000'

/** A task whose step `a` has begun. */
async function begun() {
  const taskId = await seedTask(stores.ports, {
    steps: { a: { capability: 'work.do' } },
    agents: [makeAgent()],
  })
  const own = { taskId, path: 'a', owner: 'r1', fence: FENCE }
  await stores.ports.steps.takeOverStep(own, { startedAt: '2026-01-01T00:00:00.000Z' })
  const wake = (cause: string, more: { n?: number; execution?: number; path?: string } = {}) =>
    wakeStep(stores.ports)({ taskId, path: 'a', n: 1, execution: 1, by, cause, ...more })
  return { taskId, own, wake }
}

describe('waking a step (suspending/V1, suspending/V2, suspending/V3)', () => {
  it('is done by the first cause, before the step waits as well; a repeat of it is told the same', async () => {
    const { wake } = await begun()
    expect(await wake('a')).toEqual({ kind: 'woken' })
    expect(await wake('a')).toEqual({ kind: 'woken' })
    expect(await wake('b')).toMatchObject({ kind: 'already', woken: { n: 1, by, cause: 'a' } })
  })

  it('is refused where the step has ended, with what has happened; what has woken it is told so still', async () => {
    const { wake, own } = await begun()
    await wake('a')
    await stores.ports.steps.endStep(own, { status: 'succeeded', endedAt: '2026-01-01T00:00:01.000Z' })
    expect(await wake('b', { n: 2 })).toEqual({
      kind: 'gone',
      reason: 'step "a" has ended: succeeded',
    })
    expect(await wake('a')).toEqual({ kind: 'woken' })
    expect(await wake('b')).toMatchObject({ kind: 'already' })
  })

  it('is refused where another agent has begun anew: nobody would hear it', async () => {
    const { wake, own } = await begun()
    const at = '2026-01-01T00:00:00.000Z'
    const suspended = {
      ...{ n: 1, execution: 1, until: { kind: 'time' as const }, agentId: 'x', agentVersion: '1.0.0' },
      ...{ since: at, endsAt: at, workedMs: 0, waitedMs: 0 },
    }
    await stores.ports.steps.noteStep(own, { suspended: { ...suspended, resumedAt: at } })
    const reason = `step "a" was begun anew by another agent at ${at}`
    expect(await wake('a')).toEqual({ kind: 'gone', reason })
    expect(await wake('a', { n: 2 })).toEqual({ kind: 'woken' })
  })

  it('is refused for an execution that is over, an unknown task and a step that has not begun', async () => {
    const { wake, taskId } = await begun()
    expect(await wake('a', { execution: 2 })).toEqual({
      kind: 'gone',
      reason: `task ${taskId} was retried since`,
    })
    expect(await wake('a', { path: 'b' })).toEqual({ kind: 'gone', reason: 'step "b" has not begun' })
    const unknown = { taskId: 't_none', path: 'a', execution: 1, n: 1, by, cause: 'a' }
    expect(await wakeStep(stores.ports)(unknown)).toEqual({
      kind: 'gone',
      reason: 'there is no task t_none',
    })
  })
})
