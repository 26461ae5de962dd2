import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3'
import { OrchestratorError } from '../../../../shared/domain/errors.ts'
import type { IsTimeUp } from '../../../../shared/ports/deletions.ts'
import { callAws } from '../../aws-errors.ts'

/** Objects that are removed for good. */
export type ErasedObjects = {
  /** Removes all objects under a prefix, with all their versions. False where the time was up before the end; repeated, it goes on. */
  removeAll(prefix: string, isTimeUp: IsTimeUp): Promise<boolean>
}

/** Lists versions and delete markers, a thousand at a time, and removes each by its version: nothing is left that could be restored. */
export function s3ErasedObjects({ client, bucket }: { client: S3Client; bucket: string }): ErasedObjects {
  return {
    async removeAll(prefix, isTimeUp) {
      for (;;) {
        const list = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix })
        // The first page each time: what it names is gone before the next is asked for.
        const { Versions = [], DeleteMarkers = [] } = await callAws(() => client.send(list))
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
        if (Objects.length === 0) return true
        if (isTimeUp()) return false
        const remove = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } })
        const { Errors: [failed] = [] } = await callAws(() => client.send(remove))
        if (!failed) continue
        const message = `${failed.Key} cannot be removed from the bucket: ${failed.Code} ${failed.Message ?? ''}`
        throw new OrchestratorError('UnavailableError', message, { key: failed.Key })
      }
    },
  }
}
