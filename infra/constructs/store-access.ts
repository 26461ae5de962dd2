import { REGISTRY_INDEXES, TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import { FILES_PREFIX } from '../../shared/domain/file-reference.ts'
import type { DataStack } from '../stacks/data-stack.ts'
import type { BundledFunction } from './bundled-function.ts'

type Access = {
  /** DynamoDB actions without their prefix. */
  tasks?: readonly string[]
  registry?: readonly string[]
  /** Stored values of tasks. */
  values?: boolean
  /** Uploaded files: read them, or hand out uploads as well. */
  files?: 'read' | 'upload'
  publish?: boolean
}

const dynamodb = (actions: readonly string[]): string[] => actions.map((action) => `dynamodb:${action}`)

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
  if (access.tasks) {
    const indexes = Object.values(TASK_INDEXES).map(({ name }) => `${data.tasks.tableArn}/index/${name}`)
    target.allow(dynamodb(access.tasks), [
      data.tasks.tableArn,
      ...(access.tasks.includes('Query') ? indexes : []),
    ])
  }
  if (access.registry) {
    const indexes = Object.values(REGISTRY_INDEXES).map(
      ({ name }) => `${data.registry.tableArn}/index/${name}`,
    )
    target.allow(dynamodb(access.registry), [
      data.registry.tableArn,
      ...(access.registry.includes('Query') ? indexes : []),
    ])
  }
  if (access.values) target.allow(['s3:GetObject', 's3:PutObject'], [data.bucket.arnForObjects('tasks/*')])
  if (access.files) {
    const actions = access.files === 'upload' ? ['s3:GetObject', 's3:PutObject'] : ['s3:GetObject']
    target.allow(actions, [data.bucket.arnForObjects(`${FILES_PREFIX}*`)])
  }
  // Without it a missing object answers 403, not 404.
  if (access.values || access.files) target.allow(['s3:ListBucket'], [data.bucket.bucketArn])
  if (access.publish) target.allow(['events:PutEvents'], [data.bus.eventBusArn])
}
