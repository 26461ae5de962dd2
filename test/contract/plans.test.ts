import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plans } from '../../shared/ports/index.ts'
import { openTask } from '../support/stores/open-task.ts'
import { planWith } from '../support/stores/plan-with.ts'
import { startStores } from '../support/stores/start-stores.ts'

let plans: Plans
let stop: () => Promise<void>

beforeAll(async () => {
  const stores = await startStores()
  plans = stores.ports.plans
  stop = stores.stop
})
afterAll(() => stop())

describe('plans', () => {
  it('keeps the first plan of a task, large ones in the blob store', async () => {
    const { id } = openTask()
    const plan = planWith({ taskId: id, input: 'x'.repeat(50_000) })
    expect([await plans.createPlan(plan), await plans.createPlan({ ...plan, input: 1 })]).toEqual([
      true,
      false,
    ])
    expect(await plans.getPlan(id)).toEqual(plan)
    await expect(plans.getPlan('t_none')).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})
