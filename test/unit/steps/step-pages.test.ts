import { expect, it } from 'vitest'
import { listTaskSteps } from '../../../shared/app/views/read-tasks.ts'
import { ListStepsSchema } from '../../../shared/contracts/list-requests.ts'
import { hostInMemory } from '../../support/agents/host-in-memory.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedTask } from '../../support/stores/seed-task.ts'

const MB = 1024 * 1024

it('no output is loaded that a page cannot carry', async () => {
  const { ports } = hostInMemory()
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const steps = Object.fromEntries(ids.map((id) => [id, { capability: 'work.do' }]))
  const taskId = await seedTask(ports, { steps, agents: [makeAgent()] })
  for (const path of ids) {
    const own = { taskId, path, owner: 'o', fence: '0001.0000.1.0000' }
    const startedAt = '2026-01-01T00:00:00.000Z'
    await ports.steps.takeOverStep(own, { agentId: 'worker', startedAt })
    const output = await ports.values.storeValue(taskId, path.repeat(4 * MB))
    await ports.steps.endStep(own, { status: 'succeeded', endedAt: startedAt, output })
  }
  let loaded = 0
  const values: typeof ports.values = {
    ...ports.values,
    loadValue: (stored) => {
      loaded += 1
      return ports.values.loadValue(stored)
    },
  }
  const asked = ListStepsSchema.parse({ id: taskId, outputs: 'true' })
  const { steps: page, cursor } = await listTaskSteps({ ...ports, values })(asked, CALLER)
  expect(page.map(({ stepId }) => stepId)).toEqual(['a'])
  expect(cursor).toBe('a')
  // Whether the second one fits is seen only when it is there.
  expect(loaded).toBeLessThanOrEqual(2)
})
