import type { Grant } from '../../../../shared/contracts/grants.ts'
import { VALUES_PREFIX } from '../../../../shared/contracts/table-layout.ts'
import { TASK_FILES_PREFIX } from '../../../../shared/domain/file-reference.ts'

const ACTIONS = [
  's3:GetObject',
  's3:PutObject',
  's3:GetObjectTagging',
  's3:PutObjectTagging',
  's3:DeleteObjectTagging',
] as const

/** All values and files of a task are listed, to be marked; those that are old by then are written anew. */
export const expiringBlobsGrants: readonly Grant[] = [VALUES_PREFIX, TASK_FILES_PREFIX].flatMap((prefix) => [
  { actions: ['s3:ListBucket'], on: { kind: 'listing', prefix } } as const,
  { actions: ACTIONS, on: { kind: 'objects', prefix } } as const,
])
