import type { Grant } from '../../../shared/contracts/grants.ts'
import { VALUES_PREFIX } from '../../../shared/contracts/table-layout.ts'

/** All values of a task are listed, to be marked; those that are old by then are written anew. */
export const expiringBlobsGrants: readonly Grant[] = [
  { actions: ['s3:ListBucket'], on: { kind: 'listing', prefix: VALUES_PREFIX } },
  {
    actions: [
      's3:GetObject',
      's3:PutObject',
      's3:GetObjectTagging',
      's3:PutObjectTagging',
      's3:DeleteObjectTagging',
    ],
    on: { kind: 'objects', prefix: VALUES_PREFIX },
  },
]
