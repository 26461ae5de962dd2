import type { BlobStore, TaskStore } from '../../shared/ports/index.ts'
import { cacheItems } from './dynamodb-cache-items.ts'
import { gateItems } from './dynamodb-gate-items.ts'
import { planItems } from './dynamodb-plan-items.ts'
import { stepItems } from './dynamodb-step-items.ts'
import type { TaskTable } from './dynamodb-tables.ts'
import { taskItems } from './dynamodb-task-items.ts'
import { storedValues } from './stored-values.ts'

/** The task store over one table and the blob store, put together from its kinds of item. */
export function dynamodbTaskStore(
  tasks: TaskTable & { blobs: BlobStore; digest: (text: string) => string; days?: number },
): TaskStore {
  const values = storedValues(tasks)
  return {
    ...values,
    ...planItems(tasks, values),
    ...taskItems(tasks),
    ...stepItems(tasks),
    ...gateItems(tasks),
    ...cacheItems(tasks),
  }
}
