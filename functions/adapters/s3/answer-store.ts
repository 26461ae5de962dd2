import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { ANSWERS_PREFIX } from '../../../shared/contracts/table-layout.ts'
import { callAws } from '../aws-errors.ts'

/** How long the link to an answer may be followed. */
const LINK_SECONDS = 300

/** Answers that are too large for a function to give: kept for a day, and given by a link that is good for minutes. */
export type AnswerStore = {
  /** Answers the link. */
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
