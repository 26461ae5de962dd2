import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { tooLarge, type WriteOptions } from '../../../shared/ports/file-store.ts'
import { callAws } from '../aws-errors.ts'
import { partsOf } from './parts-of.ts'

/** S3 takes parts from 5 MiB on, and 10,000 of them. */
const PART_BYTES = 8 * 1024 * 1024
/** With the part that is being filled, three parts are in memory. */
const AT_ONCE = 2

type Place = { client: S3Client; bucket: string; key: string }
type Part = { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string | undefined }

/**
 * Stores a content of unknown length: in one request what fits a part, else by a multipart upload. `@aws-sdk/lib-storage` does the same in
 * 10 KB more, and goes on reading the content after a part has failed, does not cancel requests, and answers before it has aborted.
 *
 * parts/P1 The object appears as a whole or not at all; the end of a failed call is awaited until the upload is aborted.
 * parts/P2 At most {@link AT_ONCE} parts, the one that is being filled, and the chunk that fills it are in memory. Parts use their memory
 *    again: it lies outside of the heap, where much may wait to be collected.
 */
export async function writeInParts(
  place: Place,
  content: AsyncIterable<Uint8Array>,
  { contentType, maxBytes, signal }: WriteOptions,
): Promise<{ bytes: number; etag: string }> {
  const { client, bucket, key } = place
  let bytes = 0
  const free: Buffer[] = []
  const takeFree = (): Buffer | undefined => free.pop()
  const parts = partsOf(content, { bytes: PART_BYTES, onChunk: count, takeFree, signal })
  try {
    const first = await parts.next()
    const body = first.done ? Buffer.alloc(0) : first.value
    if (body.length < PART_BYTES) {
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType })
      const { ETag = '' } = await callAws(() => client.send(put, abortedBy(signal)))
      return { bytes, etag: ETag }
    }
    return { etag: await uploadParts(place, body, parts, { contentType, signal, free }), bytes }
  } catch (error) {
    // The SDK has an error of its own for a request that was aborted.
    throw signal?.aborted ? signal.reason : error
  } finally {
    // The content is left also where the upload could not be begun.
    await parts.return(undefined)
  }

  function count(chunk: number): void {
    bytes += chunk
    if (bytes > maxBytes)
      throw new OrchestratorError('ContentTooLargeError', tooLarge(key, maxBytes), { key, maxBytes })
  }
}

const abortedBy = (abortSignal: AbortSignal | undefined) => (abortSignal ? { abortSignal } : {})

async function uploadParts(
  { client, bucket, key }: Place,
  first: Buffer,
  rest: AsyncGenerator<Buffer>,
  { contentType, signal, free }: Pick<WriteOptions, 'contentType' | 'signal'> & { free: Buffer[] },
): Promise<string> {
  const place = { Bucket: bucket, Key: key }
  const create = new CreateMultipartUploadCommand({
    ...place,
    ContentType: contentType,
    ChecksumAlgorithm: 'CRC32',
  })
  const { UploadId } = await callAws(() => client.send(create, abortedBy(signal)))
  const upload = { ...place, UploadId }
  // Cancels the requests of other parts when one has failed.
  const stop = new AbortController()
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const underWay = new Set<Promise<void>>()
  const done: Part[] = []
  let failure: { reason: unknown } | undefined

  const send = (Body: Buffer, PartNumber: number): void => {
    const command = new UploadPartCommand({ ...upload, Body, PartNumber, ChecksumAlgorithm: 'CRC32' })
    const sent = callAws(() => client.send(command, { abortSignal: stopped }))
      .then(({ ETag, ChecksumCRC32 }) => {
        done.push({ PartNumber, ETag, ChecksumCRC32 })
        if (Body.length === PART_BYTES) free.push(Body)
      })
      .catch((reason: unknown) => {
        failure ??= { reason }
        stop.abort()
      })
      .finally(() => underWay.delete(sent))
    underWay.add(sent)
  }

  try {
    let number = 1
    send(first, number)
    for await (const part of rest) {
      while (underWay.size >= AT_ONCE) await Promise.race(underWay)
      if (failure) break
      number += 1
      send(part, number)
    }
    await Promise.all(underWay)
    if (failure) throw failure.reason
    signal?.throwIfAborted()
    const Parts = done.sort((a, b) => a.PartNumber - b.PartNumber)
    const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
    const { ETag = '' } = await callAws(() => client.send(complete))
    return ETag
  } catch (error) {
    stop.abort()
    await Promise.all(underWay)
    // What cannot be aborted is removed by the bucket's lifecycle rule after a day.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {})
    throw error
  }
}
