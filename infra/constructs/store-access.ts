import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { COUNTERS, PROGRESS, REGISTRY_INDEXES, TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import { FILES_PREFIX } from '../../shared/domain/file-reference.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { statesArn } from './our-arns.ts'

type Access = {
  /** DynamoDB actions without their prefix. */
  tasks?: readonly string[]
  /** Updates of a single task's items, and of shared outputs; not of the queue. */
  progress?: boolean
  registry?: readonly string[]
  /** Counters and leases in the registry, and nothing else there: statistics, breakers, slots and rates. */
  counters?: boolean
  /** Stored values of tasks. */
  values?: 'read' | 'write'
  /** Uploaded files: read them, or hand out uploads as well. */
  files?: 'read' | 'upload'
  publish?: boolean
}

/**
 * Gives a function its environment and, with it, the grants for what it does with each store. Every function knows
 * all stores by name; it may touch only what is listed.
 */
export function giveStores(target: BundledFunction, data: DataStack, access: Access): void {
  target
    .configure('TASKS_TABLE', data.tasks.tableName)
    .configure('REGISTRY_TABLE', data.registry.tableName)
    .configure('BUCKET', data.bucket.bucketName)
    .configure('EVENT_BUS', data.bus.eventBusName)
  if (access.tasks) allowTable(target, data.tasks, TASK_INDEXES, access.tasks)
  if (access.progress) {
    const keys = PROGRESS.map((prefix) => `${prefix}*`)
    target.allow(['dynamodb:UpdateItem'], [data.tasks.tableArn], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    })
  }
  if (access.registry) allowTable(target, data.registry, REGISTRY_INDEXES, access.registry)
  if (access.counters) {
    const keys = COUNTERS.map((prefix) => `${prefix}*`)
    target.allow(['dynamodb:UpdateItem'], [data.registry.tableArn], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys },
    })
  }
  if (access.values) {
    const actions = access.values === 'write' ? ['s3:GetObject', 's3:PutObject'] : ['s3:GetObject']
    target.allow(actions, [data.bucket.arnForObjects('tasks/*')])
  }
  if (access.files) {
    const actions = access.files === 'upload' ? ['s3:GetObject', 's3:PutObject'] : ['s3:GetObject']
    target.allow(actions, [data.bucket.arnForObjects(`${FILES_PREFIX}*`)])
  }
  // A folder of uploads is listed.
  if (access.files) allowListing(target, data, `${FILES_PREFIX}*`)
  if (access.publish) target.allow(['events:PutEvents'], [data.bus.eventBusArn])
}

/** Lets a function start tasks that wait for their turn, where a stage limits how many run at once. */
export function giveQueue(target: BundledFunction, data: DataStack, stage: Stage): void {
  if (stage.tenantConcurrency === undefined) return
  target
    .configure('TENANT_CONCURRENCY', String(stage.tenantConcurrency))
    .allow(
      ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'].map((action) => `dynamodb:${action}`),
      [data.tasks.tableArn],
    )
    .allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [data.registry.tableArn])
    .allow(['states:StartExecution'], [statesArn(target, stage, 'stateMachine', '*')])
    .allow(['states:StopExecution'], [statesArn(target, stage, 'execution', '*:*')])
}

/** Lets a function that ends tasks, or opens them again, say when what they have expires; where a stage says how long it is kept. */
export function giveRetention(target: BundledFunction, data: DataStack, { taskRetentionDays }: Stage): void {
  if (taskRetentionDays === undefined) return
  // All values of a task are listed, to be marked.
  allowListing(target, data, 'tasks/*')
  target
    .configure('TASK_RETENTION_DAYS', String(taskRetentionDays))
    .allow(
      ['s3:PutObjectTagging', 's3:DeleteObjectTagging', 's3:GetObjectTagging'],
      [data.bucket.arnForObjects('tasks/*')],
    )
}

/**
 * Allows listing the keys that begin with `prefix`. A missing object still answers 403 to a read, which has no prefix for this condition.
 */
function allowListing(target: BundledFunction, { bucket }: DataStack, prefix: string): void {
  target.allow(['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': [prefix] } })
}

/** Indexes are queried; everything else is of the table. */
function allowTable(
  target: BundledFunction,
  { tableArn }: Table,
  indexes: Readonly<Record<string, { name: string }>>,
  actions: readonly string[],
): void {
  target.allow(
    actions.map((action) => `dynamodb:${action}`),
    [tableArn],
  )
  if (!actions.includes('Query')) return
  target.allow(
    ['dynamodb:Query'],
    Object.values(indexes).map(({ name }) => `${tableArn}/index/${name}`),
  )
}
