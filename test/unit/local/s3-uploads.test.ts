import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Action } from '../../../local/aws/permissions.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../../local/iam/service.ts'
import { ObjectStore } from '../../../local/s3/object-store.ts'
import { Uploads } from '../../../local/s3/uploads.ts'
import { answerS3 } from '../../../local/s3/wire.ts'

const Bucket = 'bucket'
const ROLE = 'arn:aws:iam::000000000000:role/reader'
const MIB = 1024 * 1024

let folder: string
let store: ObjectStore
const iam = new IamService()
const server = createEndpoint((request) => answerS3(store, request, iam))
let client: S3Client

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'))
  store = await ObjectStore.open(folder)
  await store.createBucket(Bucket)
  iam.putRole('reader', ROLE)
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
    iam.credentialsOf(ROLE)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, sessionToken: 'local' },
  })
})
afterAll(async () => {
  client.destroy()
  server.closeAllConnections()
  server.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const begin = async (Key: string) =>
  (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/csv' }))).UploadId
const put = async (Key: string, UploadId: string | undefined, PartNumber: number, Body: Buffer) => {
  const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body })
  return { PartNumber, ETag: (await client.send(part)).ETag }
}
const complete = (
  Key: string,
  UploadId: string | undefined,
  Parts: { PartNumber: number; ETag: string | undefined }[],
) => client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
const read = async (Key: string, Range?: string) => {
  const { Body, ...answer } = await client.send(
    new GetObjectCommand({ Bucket, Key, ...(Range ? { Range } : {}) }),
  )
  return { ...answer, body: Buffer.from((await Body?.transformToByteArray()) ?? []) }
}
const nameOf = (error: Error) => error.name

describe('a multipart upload', () => {
  it('appears as a whole when it is completed, and not before (uploads/U1)', async () => {
    const [first, last] = [Buffer.alloc(5 * MIB, 'a'), Buffer.from('end')]
    const id = await begin('whole.csv')
    const parts = [await put('whole.csv', id, 2, last), await put('whole.csv', id, 1, first)].reverse()
    await expect(read('whole.csv')).rejects.toThrow('does not exist')
    const { ETag } = await complete('whole.csv', id, parts)
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/)
    const found = await read('whole.csv')
    expect(found.body.equals(Buffer.concat([first, last]))).toBe(true)
    expect([found.ContentType, found.ETag]).toEqual(['text/csv', ETag])
    expect(await readdir(store.uploads)).toEqual([])
  })

  it('leaves nothing when it is aborted, and takes no parts afterwards', async () => {
    const id = await begin('aborted')
    await put('aborted', id, 1, Buffer.from('x'))
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId: id }))
    expect(await readdir(store.uploads)).toEqual([])
    expect(await put('aborted', id, 2, Buffer.from('y')).catch(nameOf)).toBe('NoSuchUpload')
    await expect(read('aborted')).rejects.toThrow('does not exist')
  })

  it('is refused as S3 refuses it', async () => {
    const id = await begin('refused')
    const parts = [
      await put('refused', id, 1, Buffer.from('x')),
      await put('refused', id, 2, Buffer.from('y')),
    ]
    expect(await complete('refused', id, parts).catch(nameOf)).toBe('EntityTooSmall')
    expect(await complete('refused', id, [...parts].reverse()).catch(nameOf)).toBe('InvalidPartOrder')
    const wrong = [{ PartNumber: 1, ETag: '"0"' }]
    expect(await complete('refused', id, wrong).catch(nameOf)).toBe('InvalidPart')
    expect(await complete('other', id, parts).catch(nameOf)).toBe('NoSuchUpload')
    expect(await put('refused', '../../x', 1, Buffer.from('x')).catch(nameOf)).toBe('NoSuchUpload')
    expect(await put('refused', id, 10_001, Buffer.from('x')).catch(nameOf)).toBe('InvalidArgument')
  })

  it('takes requests that overlap: each is answered as if one came after the other (uploads/U3)', async () => {
    for (let round = 0; round < 20; round++) {
      const Key = `overlapping-${round}`
      const id = await begin(Key)
      const bodies = Array.from({ length: 6 }, (_, at) => Buffer.from(`${round} ${at % 3}`))
      const [first] = await Promise.all(bodies.map((body) => put(Key, id, 1, body)))
      const again = await put(Key, id, 1, bodies[0] ?? Buffer.alloc(0))
      expect(again).toEqual(first)
      const ends = await Promise.all([
        complete(Key, id, [again]).then(() => 'completed', nameOf),
        ...bodies.map((body) => put(Key, id, 2, body).then(() => 'put', nameOf)),
        client
          .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: id }))
          .then(() => 'aborted', nameOf),
        ...bodies.map((body) => put(Key, id, 2, body).then(() => 'put', nameOf)),
      ])
      for (const end of ends) expect(['completed', 'put', 'aborted', 'NoSuchUpload']).toContain(end)
      expect(await readdir(store.uploads)).not.toContain(id)
    }
  })

  it('is removed a day after it began when nobody has completed it (uploads/U2)', async () => {
    const id = String(await begin('forgotten'))
    const uploads = new Uploads(store)
    await uploads.sweep()
    expect(await readdir(store.uploads)).toContain(id)
    const old = new Date(Date.now() - 90_000_000)
    await utimes(join(store.uploads, id, 'upload.json'), old, old)
    await uploads.sweep()
    expect(await readdir(store.uploads)).not.toContain(id)
  })
})

describe('an object is read', () => {
  beforeAll(async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }))
    await client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }))
  })

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
    ['bytes=4-2', '0123456789', undefined],
    ['lines=1-2', '0123456789', undefined],
  ])('in the range %s', async (range, text, told) => {
    const { body, ContentRange, ContentLength } = await read('digits', range)
    expect([body.toString(), ContentRange, ContentLength]).toEqual([text, told, text.length])
  })

  it('not beyond its end', async () => {
    expect(await read('digits', 'bytes=10-12').catch(nameOf)).toBe('InvalidRange')
  })

  it('when it is empty', async () => {
    expect((await read('empty')).body).toHaveLength(0)
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0)
  })
})

describe('a signed link', () => {
  const link = (Key: string, expiresIn = 60) => {
    const ResponseContentDisposition = `attachment; filename*=UTF-8''a%20(b)'c%2Bd.csv`
    return getSignedUrl(client, new GetObjectCommand({ Bucket, Key, ResponseContentDisposition }), {
      expiresIn,
    })
  }
  beforeAll(async () => {
    for (const Key of ['linked', 'a b+c/é (1).csv'])
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  })

  it.each(['linked', 'a b+c/é (1).csv'])(
    'gives the object with the headers that it names: %s',
    async (key) => {
      const answer = await fetch(await link(key))
      expect([answer.status, await answer.text()]).toEqual([200, key])
      expect(answer.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''a%20(b)'c%2Bd.csv`)
    },
  )

  it('is refused when it was altered, and when it has expired', async () => {
    const url = await link('linked')
    const code = async (of: string) => /<Code>(\w+)</.exec(await (await fetch(of)).text())?.[1]
    expect(await code(url.replace('/linked?', '/digits?'))).toBe('SignatureDoesNotMatch')
    expect(await code(url.replace('attachment', 'inline'))).toBe('SignatureDoesNotMatch')
    expect(await code(url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=600'))).toBe('SignatureDoesNotMatch')
    expect(await code(url.replace(/X-Amz-Date=\w+/, 'X-Amz-Date=20200101T000000Z'))).toBe('AccessDenied')
  })
})

it.each([
  ['POST', '/bucket/key?uploads', 's3:PutObject'],
  ['PUT', '/bucket/key?partNumber=1&uploadId=x', 's3:PutObject'],
  ['POST', '/bucket/key?uploadId=x', 's3:PutObject'],
  ['DELETE', '/bucket/key?uploadId=x', 's3:AbortMultipartUpload'],
  ['DELETE', '/bucket/key', 's3:DeleteObject'],
  ['GET', '/bucket/key', 's3:GetObject'],
])('%s %s needs %s', (method, path, action) => {
  const url = new URL(path, 'http://localhost')
  expect(s3Action({ method, path, url, headers: {}, body: Buffer.alloc(0), accessKeyId: undefined })).toEqual(
    {
      action,
      resource: 'arn:aws:s3:::bucket/key',
    },
  )
})
