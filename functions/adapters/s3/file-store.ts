import { Readable } from 'node:stream'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { FileStore, StoredFile } from '../../../shared/ports/index.ts'
import { callAws } from '../aws-errors.ts'
import { unlessMissing } from './missing.ts'
import { writeInParts } from './write-in-parts.ts'

export function s3FileStore({ client, bucket }: { client: S3Client; bucket: string }): FileStore {
  async function listFolder(prefix: string, limit: number): Promise<StoredFile[]> {
    const files: StoredFile[] = []
    let token: string | undefined
    do {
      const list = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: Math.min(1_000, limit - files.length),
        ...(token ? { ContinuationToken: token } : {}),
      })
      const page = await callAws(() => client.send(list))
      files.push(
        ...(page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '' }) => ({
          key: Key,
          bytes: Size,
          etag: ETag,
        })),
      )
      token = page.NextContinuationToken
    } while (token && files.length < limit)
    return files
  }

  async function headFile(key: string): Promise<StoredFile[]> {
    const head = await unlessMissing(() => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))
    return head ? [{ key, bytes: head.ContentLength ?? 0, etag: head.ETag ?? '' }] : []
  }

  return {
    list: (key, limit) => (key.endsWith('/') ? listFolder(key, limit) : headFile(key)),

    async page(prefix, { after, limit }) {
      const list = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: Math.min(1_000, limit),
        ...(after === undefined ? {} : { StartAfter: after }),
      })
      const { Contents = [] } = await callAws(() => client.send(list))
      return Contents.map(({ Key = '', Size = 0, ETag = '' }) => ({ key: Key, bytes: Size, etag: ETag }))
    },

    async read(key, maxBytes) {
      const answer = await unlessMissing(() =>
        client.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
      )
      if (!answer?.Body) throw new OrchestratorError('NotFoundError', `there is no file ${key}`, { key })
      const bytes = answer.ContentLength ?? 0
      if (bytes <= maxBytes) return answer.Body.transformToByteArray()
      if (answer.Body instanceof Readable) answer.Body.destroy()
      const message = `${key} has ${bytes} bytes; this reads at most ${maxBytes}`
      throw new OrchestratorError('InvalidInputError', message, { key, bytes, maxBytes })
    },

    async open(key) {
      const answer = await unlessMissing(() =>
        client.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
      )
      if (!answer?.Body) throw new OrchestratorError('NotFoundError', `there is no file ${key}`, { key })
      const { ContentLength: bytes = 0, ContentType: contentType = '', ETag: etag = '' } = answer
      // The SDK's type is that of a browser; it is the same class.
      const body: ReadableStream<Uint8Array> = answer.Body.transformToWebStream()
      return { key, bytes, etag, contentType, body }
    },

    async write(key, content, options) {
      return { key, ...(await writeInParts({ client, bucket, key }, content, options)) }
    },

    async presignDownload(key, { contentType, contentDisposition, expiresSeconds }) {
      const get = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: contentType,
        ResponseContentDisposition: contentDisposition,
      })
      return getSignedUrl(client, get, { expiresIn: expiresSeconds })
    },

    async presignUpload(key, { maxBytes, expiresSeconds }) {
      return createPresignedPost(client, {
        Bucket: bucket,
        Key: key,
        Expires: expiresSeconds,
        Conditions: [['content-length-range', 0, maxBytes]],
      })
    },
  }
}
