import type { Grant } from '../../../../shared/contracts/grants.ts'
import { VALUES_PREFIX } from '../../../../shared/contracts/table-layout.ts'
import { FILES_PREFIX, TASK_FILES_PREFIX } from '../../../../shared/domain/file-reference.ts'

const erasing = (prefixes: readonly string[]): readonly Grant[] =>
  prefixes.flatMap((prefix) => [
    { actions: ['s3:ListBucketVersions'], on: { kind: 'listing', prefix } } as const,
    { actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'], on: { kind: 'objects', prefix } } as const,
  ])

/** Objects go with all their versions: a deletion that leaves a version behind deletes nothing in a versioned bucket. */
export const erasedTasksGrants = erasing([VALUES_PREFIX, TASK_FILES_PREFIX])
export const erasedTenantsGrants = erasing([FILES_PREFIX, TASK_FILES_PREFIX])
