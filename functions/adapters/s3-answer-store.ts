import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { AwsClient } from 'aws4fetch'
import { ANSWERS_PREFIX } from '../../shared/contracts/table-layout.ts'
import { callAws } from './aws-errors.ts'

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
      return signedUrl(client, `/${bucket}/${Key}`)
    },
  }
}

/** By the credentials and at the address of the client, path-style, as every endpoint of S3 takes it. */
async function signedUrl({ config }: S3Client, path: string): Promise<string> {
  const [credentials, region, given] = await Promise.all([
    config.credentials(),
    config.region(),
    config.endpoint?.(),
  ])
  const origin = given
    ? `${given.protocol}//${given.hostname}${given.port ? `:${given.port}` : ''}`
    : `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  const url = new URL(path, origin)
  url.searchParams.set('X-Amz-Expires', String(LINK_SECONDS))
  const signer = new AwsClient({ ...credentials, service: 's3', region })
  const signed = await signer.sign(url.href, { method: 'GET', aws: { signQuery: true } })
  return signed.url
}
