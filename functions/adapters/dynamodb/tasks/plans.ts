import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import type { Json } from '../../../../shared/domain/json.ts'
import { StoredValueSchema } from '../../../../shared/domain/step.ts'
import { FIRST_EXECUTION, runKey } from '../../../../shared/domain/task.ts'
import type { Plan, Plans, Values } from '../../../../shared/ports/index.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import { planKey, type TaskTable, taskKey } from '../keys.ts'

/** The number of plans that a worker caches: they never change. Large ones are not cached, to bound the memory. */
const MAX_CACHED_PLANS = 200
const MAX_CACHED_BYTES = 256 * 1024

export function dynamodbPlans({ client, table, values }: TaskTable & { values: Values }): Plans {
  const cache = new Map<string, Promise<Plan>>()

  async function readPlan(taskId: string, execution: number): Promise<{ plan: Plan; bytes: number }> {
    const key = { pk: taskKey(taskId), sk: planKey(execution) }
    const { Item } = await callAws(() =>
      client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true })),
    )
    if (!Item) throw new OrchestratorError('NotFoundError', `task ${taskId} has no plan`, { taskId })
    const stored = StoredValueSchema.parse(Item.plan)
    const plan = (await values.loadValue(stored)) as unknown as Plan
    return { plan, bytes: 'blob' in stored ? stored.bytes : stored.inline.length }
  }

  return {
    async createPlan(plan: Plan): Promise<boolean> {
      // A plan is JSON by construction, but its type is narrower than `Json`.
      const stored = await values.storeValue(plan.taskId, plan as unknown as Json)
      const put = new PutCommand({
        TableName: table,
        Item: { pk: taskKey(plan.taskId), sk: planKey(plan.execution), plan: stored },
        ConditionExpression: 'attribute_not_exists(pk)',
      })
      return (await unlessAws(['ConditionalCheckFailedException'], () => client.send(put))) !== undefined
    },

    getPlan(taskId: string, execution = FIRST_EXECUTION): Promise<Plan> {
      const name = runKey({ taskId, execution })
      const known = cache.get(name)
      if (known) return known
      // Caches the promise, so that concurrent calls (of a fan-out's items) share one read.
      const reading = readPlan(taskId, execution).then(({ plan, bytes }) => {
        if (bytes > MAX_CACHED_BYTES) cache.delete(name)
        return plan
      })
      reading.catch(() => cache.delete(name))
      const oldest = cache.size >= MAX_CACHED_PLANS ? cache.keys().next().value : undefined
      if (oldest !== undefined) cache.delete(oldest)
      cache.set(name, reading)
      return reading
    },
  }
}
