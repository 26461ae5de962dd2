import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import {
  APPROVALS_PARTITION,
  DELETED_PARTITION,
  MESSAGES_PARTITION,
  OPEN_PARTITION,
  REGISTRY_ITEMS,
  REGISTRY_PARTITIONS,
  TASK_ITEMS,
  TASK_PARTITIONS,
} from '../../../shared/contracts/table-layout.ts'
import { DEFAULT_TENANT } from '../../../shared/domain/caller.ts'
import { FIRST_EXECUTION } from '../../../shared/domain/task.ts'

export type TaskTable = { client: DynamoDBDocumentClient; table: string }

/** Keys of the items of a task. */
export const taskItemKey = (taskId: string) => ({ pk: taskKey(taskId), sk: TASK_ITEMS.task })
export const budgetKey = (taskId: string) => ({ pk: taskKey(taskId), sk: TASK_ITEMS.budget })
/** A part of the money of a tenant's month. */
export const moneyKey = (part: string) => ({
  pk: `${TASK_PARTITIONS.money}${part}`,
  sk: TASK_ITEMS.budget,
})
export const taskKey = (taskId: string) => `${TASK_PARTITIONS.task}${taskId}`
export const gateKey = (stepId: string) => `${TASK_ITEMS.gate}${stepId}`
export const stepKey = (path: string) => `${TASK_ITEMS.step}${path}`
export const onceKey = (path: string, key: string) => `${TASK_ITEMS.once}${path}#${key}`
export const transcriptKey = (path: string, id: string) => `${TASK_ITEMS.transcript}${path}#${id}`
export const turnKey = (path: string, loop: string, turn: number) =>
  `${TASK_ITEMS.turn}${path}#${loop}#${digits(turn, 4)}`
export const waitKey = (path: string) => `${TASK_ITEMS.wait}${path}`
export const wakeKey = (path: string) => `${TASK_ITEMS.wake}${path}`
export const boardKey = TASK_ITEMS.board
export const stateKey = (key: string, version: number) => `${TASK_ITEMS.state}${key}#${digits(version, 8)}`
export const stateWriteKey = (key: string, write: string) => `${TASK_ITEMS.stateWrite}${key}#${write}`
export const snapshotKey = (id: string) => TASK_ITEMS.snapshot + id
export const callbackKey = (id: string) => `${TASK_ITEMS.callback}${id}`
export const linkKey = (id: string) => `${TASK_ITEMS.link}${id}`
/** What was sent from one sender to one recipient, in order. A number sign stands in neither: names are escaped. */
export const laneKey = (to: string, from: string) => `${mailboxKey(to)}${encodeURIComponent(from)}#`
export const mailboxKey = (to: string) => `${TASK_ITEMS.message}${encodeURIComponent(to)}#`
export const messageKey = (to: string, from: string, sequence: number) =>
  laneKey(to, from) + digits(sequence, 6)
export const sentKey = (id: string) => `${TASK_ITEMS.sent}${id}`
export const listenerKey = (path: string) => `${TASK_ITEMS.listener}${path}`
export const unrungKey = (shard: number) => `${MESSAGES_PARTITION}${shard}`
export const fileKey = (id: string) => `${TASK_ITEMS.file}${id}`
export const keptKey = (key: string) => `${TASK_ITEMS.kept}${key}`
export const fileCountKey = (taskId: string) => ({ pk: taskKey(taskId), sk: TASK_ITEMS.fileCount })
export const planKey = (execution = FIRST_EXECUTION): string =>
  execution === FIRST_EXECUTION ? TASK_ITEMS.plan : `${TASK_ITEMS.plan}#${digits(execution, 4)}`

export const outputKey = (key: string) => ({ pk: `${TASK_PARTITIONS.output}${key}`, sk: TASK_ITEMS.task })
export const queueKey = (tenant: string) => `${TASK_PARTITIONS.queue}${tenant}`
export const statusKey = (tenant: string, status: string, shard: number) => `${tenant}#${status}#${shard}`
export const approvalsKey = (tenant: string, shard: number) => `${APPROVALS_PARTITION}${tenant}#${shard}`
export const deletedKey = (shard: number) => `${DELETED_PARTITION}${shard}`
export const openKey = (shard: number) => `${OPEN_PARTITION}${shard}`

/** Keys of the registry's items. */
export const agentKey = (id: string) => ({ pk: REGISTRY_PARTITIONS.agent + id, sk: REGISTRY_ITEMS.record })
/**
 * The sort key of a record in the lists of the registry. The tilde sorts after every letter, so that one query reads the names that `default`
 * and deployments have given (below it), and one those of another tenant (from `~acme/` on).
 */
export const nameKey = (qualified: string): string =>
  qualified.includes('/') ? `${AFTER_NAMES}${qualified}` : qualified
export const AFTER_NAMES = '~'
/** Begins the sort keys of what a tenant has named; undefined for `default`, whose names stand before AFTER_NAMES. */
export const namesOf = (tenant: string): string | undefined =>
  tenant === DEFAULT_TENANT ? undefined : `${AFTER_NAMES}${tenant}/`
export const machineKey = (name: string) => ({
  pk: REGISTRY_PARTITIONS.machine + name,
  sk: REGISTRY_ITEMS.record,
})
export const workflowKey = (name: string) => REGISTRY_PARTITIONS.workflow + name
export const versionKey = (version: number) => REGISTRY_ITEMS.version + digits(version, 8)
export const contentKey = (content: string) => `${REGISTRY_ITEMS.content}${content}#`
export const chunkKey = (content: string, at: number) => contentKey(content) + digits(at, 4)
export const apiKeyKey = (id: string) => ({ pk: REGISTRY_PARTITIONS.apiKey + id, sk: REGISTRY_ITEMS.record })
export const keysOfKey = (tenant: string) => ({
  pk: REGISTRY_PARTITIONS.keysOf + tenant,
  sk: REGISTRY_ITEMS.record,
})
export const loadKey = (agentId: string) => REGISTRY_PARTITIONS.load + agentId
/** No name of a model has a number sign. */
export const usageKey = (model: string, tenant: string) =>
  REGISTRY_PARTITIONS.usage + (tenant === DEFAULT_TENANT ? model : `${model}#${tenant}`)
export const quotaMinuteKey = (tenant: string, minute: string) => ({
  pk: REGISTRY_PARTITIONS.quota + tenant,
  sk: REGISTRY_ITEMS.minute + minute,
})
export const quotaDayKey = (tenant: string, day: string) => ({
  pk: REGISTRY_PARTITIONS.quota + tenant,
  sk: REGISTRY_ITEMS.day + day,
})
export const dayKey = (day: number) => REGISTRY_ITEMS.day + digits(day, 8)
export const windowKey = (window: number) => REGISTRY_ITEMS.window + digits(window, 12)
export const rateKey = (scope: string, window: number) => ({
  pk: REGISTRY_PARTITIONS.rate + scope,
  sk: windowKey(window),
})
export const slotsKey = (scope: string) => ({
  pk: REGISTRY_PARTITIONS.slots + scope,
  sk: REGISTRY_ITEMS.state,
})
export const statisticsKey = (capability: string, agentId: string, epoch: number | string) => ({
  pk: `${REGISTRY_PARTITIONS.statistics}${capability}#${agentId}`,
  sk: `${REGISTRY_ITEMS.epoch}${epoch}`,
})
export const auditKey = (tenant: string) => REGISTRY_PARTITIONS.audit + tenant
export const entryKey = (sequence: number) => REGISTRY_ITEMS.entry + digits(sequence, 12)
export const chainsKey = `${REGISTRY_PARTITIONS.chains}all`
export const refusedKey = `${REGISTRY_PARTITIONS.noted}refused`
export const notedKey = (shard: number) => `${REGISTRY_PARTITIONS.noted}${shard}`
export const deletionKey = (digest: string) => ({
  pk: REGISTRY_PARTITIONS.deletion + digest,
  sk: REGISTRY_ITEMS.record,
})
export const passKey = (name: string) => ({ pk: REGISTRY_PARTITIONS.pass + name, sk: REGISTRY_ITEMS.record })
export const breakerKey = (agentId: string) => ({
  pk: REGISTRY_PARTITIONS.breaker + agentId,
  sk: REGISTRY_ITEMS.state,
})

/** Fixed width, so that numbers sort as text. */
const digits = (value: number, width: number): string => String(value).padStart(width, '0')

/** A partition of an index takes about 1,000 writes a second; lists are spread over a few. */
export const LIST_SHARDS = 4
export const SHARDS = Array.from({ length: LIST_SHARDS }, (_, shard) => shard)

export function shardOf(taskId: string): number {
  let sum = 0
  for (const character of taskId) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973
  return sum % LIST_SHARDS
}
