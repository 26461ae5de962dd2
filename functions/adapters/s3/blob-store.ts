import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { BlobStore } from '../../../shared/ports/index.ts'
import { callAws } from '../aws-errors.ts'
import { unlessMissing } from './missing.ts'

export function s3BlobStore({ client, bucket }: { client: S3Client; bucket: string }): BlobStore {
  return {
    async put(key, text) {
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: 'application/json',
      })
      await callAws(() => client.send(put))
    },

    async get(key) {
      const get = new GetObjectCommand({ Bucket: bucket, Key: key })
      const answer = await unlessMissing(() => client.send(get))
      if (!answer?.Body)
        throw new OrchestratorError('NotFoundError', `there is no stored value ${key}`, { key })
      return answer.Body.transformToString('utf-8')
    },
  }
}
