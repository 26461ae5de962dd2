import type { Grant } from '../../../shared/contracts/grants.ts'

/** Removes objects with all their versions: a deletion that leaves a version behind deletes nothing in a versioned bucket. */
export const erasedObjectsGrants = (...prefixes: readonly string[]): readonly Grant[] =>
  prefixes.flatMap((prefix) => [
    { actions: ['s3:ListBucketVersions'], on: { kind: 'listing', prefix } } as const,
    { actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'], on: { kind: 'objects', prefix } } as const,
  ])
