import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

export type TaskTable = { client: DynamoDBDocumentClient; table: string }

/** Keys of the items of a task. */
export const taskKey = (taskId: string) => `TASK#${taskId}`
export const gateKey = (stepId: string) => `GATE#${stepId}`
export const stepKey = (path: string) => `STEP#${path}`

/** A partition of an index takes about 1,000 writes a second; lists are spread over a few. */
export const LIST_SHARDS = 4

export function shardOf(taskId: string): number {
  let sum = 0
  for (const character of taskId) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973
  return sum % LIST_SHARDS
}
