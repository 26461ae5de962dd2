import { expect, it } from 'vitest'
import { listTaskEvents } from '../../../shared/app/views/read-tasks.ts'
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
  await ports.steps.reopenStep(taskId, 'a', { at: at(3), before: '0002.' })
  await ports.steps.takeOverStep({ ...own, path: 'b' }, { agentId: 'worker', startedAt: at(4) })
  const next = await list(`${last?.time}#${last?.id}`)
  expect(next.events.map(({ type, data }) => [type, data.path])).toEqual([['step.started', 'b']])
})
