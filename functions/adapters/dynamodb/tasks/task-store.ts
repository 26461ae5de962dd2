import type { BlobStore, TaskStore } from '../../../../shared/ports/index.ts'
import type { TaskTable } from '../keys.ts'
import { cacheItems } from './cache-items.ts'
import { gateItems } from './gate-items.ts'
import { planItems } from './plan-items.ts'
import { stepItems } from './step-items.ts'
import { storedValues } from './stored-values.ts'
import { taskItems } from './task-items.ts'

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
