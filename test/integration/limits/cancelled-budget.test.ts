import { afterAll, beforeAll, expect, it } from 'vitest'
import { cancelTask } from '../../../shared/app/tasks/cancel-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { showTask } from '../../../shared/app/views/read-tasks.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { CALLER } from '../../support/stores/callers.ts'
import { seedWorkflow } from '../../support/stores/seed-task.ts'
import { startStores } from '../../support/stores/start-stores.ts'

let stores: Awaited<ReturnType<typeof startStores>>
beforeAll(async () => {
  stores = await startStores()
})
afterAll(() => stores.stop())

it('shows a cancelled task’s reservations as reserved, later as unknown, and never as spent (budget-view/V2)', async () => {
  const { ports } = stores
  const steps = { a: { capability: 'work.do' }, b: { capability: 'work.do', needs: ['a'] } }
  const workflow = await seedWorkflow(ports, { steps, agents: [makeAgent()] })
  const { taskId } = await submitTask(ports)({ workflow, input: {}, metadata: {}, budgetUsd: 1 }, CALLER)
  const own = { taskId, path: 'a', owner: 'o', fence: '1' }
  const until = ports.clock.now().getTime() / 1_000 + 60
  const held = { nanoUsd: 100_000_000, tokens: 0, holder: '1', until }
  await ports.budgets.reserve(taskId, 'a', held)
  await ports.steps.takeOverStep(own, { agentId: 'worker', startedAt: '2026-01-01T00:00:00.000Z' })
  await ports.budgets.settle(taskId, 'a', held, { nanoUsd: 20_000_000, tokens: 0 })
  const endedAt = '2026-01-01T00:00:01.000Z'
  await ports.steps.endStep(own, { status: 'succeeded', endedAt, costUsd: 0.02, output: { inline: '1' } })
  await ports.budgets.reserve(taskId, 'b', { ...held, holder: '2' })
  const before = await showTask(ports)({ id: taskId }, CALLER)
  expect(before.budget).toMatchObject({ spentUsd: 0.02, reservedUsd: 0.1 })
  await cancelTask(ports)({ id: taskId, reason: 'enough' }, CALLER)
  const ended = await showTask(ports)({ id: taskId }, CALLER)
  expect(ended.budget).toMatchObject({ usd: 1, spentUsd: 0.02, reservedUsd: 0.1 })
  const clock = { now: () => new Date((until + 1) * 1_000) }
  const { budget } = await showTask({ ...ports, clock })({ id: taskId }, CALLER)
  expect(budget).toMatchObject({ usd: 1, spentUsd: 0.02, reservedUsd: 0, unknownUsd: 0.1 })
})
