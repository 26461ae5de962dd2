import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { ANSWERS_PREFIX } from '../../../shared/contracts/table-layout.ts'
import { callAws } from '../aws-errors.ts'

/** The lifetime of the presigned URL of an answer. */
const LINK_SECONDS = 300

/**
 * Stores answers that exceed Lambda's response limit (claim check). They are kept for a day; their presigned URL is
 * valid for minutes.
 */
export type AnswerStore = {
  /** Returns the presigned URL. */
  keep(body: string): Promise<string>
}

export function s3AnswerStore({
  client,
  bucket,
  digest,
}: {
  client: S3Client
  bucket: string
  digest: (text: string) => string
}): AnswerStore {
  return {
    async keep(body) {
      const Key = `${ANSWERS_PREFIX}${digest(body)}.json`
      const put = new PutObjectCommand({ Bucket: bucket, Key, Body: body, ContentType: 'application/json' })
      await callAws(() => client.send(put))
      return getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key }), { expiresIn: LINK_SECONDS })
    },
  }
}
