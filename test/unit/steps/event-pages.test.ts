import { expect, it } from 'vitest'
import { reopenSteps } from '../../../shared/app/steps/reopen-steps.ts'
import { listTaskEvents } from '../../../shared/app/views/list-events.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

it('goes on after an event that is gone, as the end of a step that a retry has opened again', async () => {
  const { ports } = hostInMemory()
  const steps = { a: { capability: 'work.do' }, b: { capability: 'work.do' } }
  const taskId = await seedTask(ports, { steps, agents: [makeAgent()] })
  const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const error = { name: 'X', message: 'boom' }
  const own = { taskId, path: 'a', owner: 'o', fence: '0001.0000.1.0000' }
  await ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: at(1) })
  await ports.steps.endStep(own, { status: 'failed', endedAt: at(2), error })
  const list = (cursor?: string) => listTaskEvents(ports)({ id: taskId, limit: 3, cursor }, CALLER)
  const first = await list()
  expect(first.events.map(({ type }) => type)).toEqual(['task.submitted', 'step.started', 'step.failed'])
  const last = first.events.at(-1)
  // As in a record of a retry that did not keep what it undid.
  await ports.steps.reopenStep(taskId, 'a', { at: at(3), before: '0002.' })
  await ports.steps.takeOverStep({ ...own, path: 'b' }, { agentId: 'worker', startedAt: at(4) })
  const next = await list(`${last?.time}#${last?.id}`)
  expect(next.events.map(({ type, data }) => [type, data.path])).toEqual([['step.started', 'b']])
})

it('keeps the failures that retries have undone, each an event of its own', async () => {
  const { ports } = hostInMemory()
  const taskId = await seedTask(ports, { steps: { a: { capability: 'work.do' } }, agents: [makeAgent()] })
  const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
  const plan = await ports.plans.getPlan(taskId, 1)
  for (let run = 1; run <= 3; run++) {
    const own = { taskId, path: 'a', owner: 'o', fence: `000${run}.0000.1.0000` }
    await ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: at(10 * run) })
    const error = { name: 'X', message: `boom ${run}` }
    const end = run < 3 ? { status: 'failed' as const, error } : { status: 'skipped' as const }
    await ports.steps.endStep(own, { ...end, endedAt: at(10 * run + 1) })
    const records = await ports.steps.listSteps(taskId)
    if (run < 3) await reopenSteps(ports, plan, records, { at: at(10 * run + 2), before: `000${run + 1}.` })
    // A retry that is repeated undoes nothing twice.
    if (run < 3) await reopenSteps(ports, plan, records, { at: at(10 * run + 2), before: `000${run + 1}.` })
  }
  const { events } = await listTaskEvents(ports)({ id: taskId, limit: 20 }, CALLER)
  expect(events.map(({ id, time, data }) => [id, time, Object(data.error).message])).toEqual([
    [`${taskId}/${taskId}-1/task.submitted`, expect.any(String), undefined],
    [`${taskId}/a/step.failed`, at(11), 'boom 1'],
    [`${taskId}/a/2/step.failed`, at(21), 'boom 2'],
    [`${taskId}/a/3/step.skipped`, at(31), undefined],
  ])
})
