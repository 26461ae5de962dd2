import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { unlessMissing } from '../../../functions/adapters/s3/missing.ts'

/** Answers each request with the status and error code in its key. */
const server = createServer(({ url = '', method }, response) => {
  const [, status, code] = /\/b\/(\d+)-(\w+)/.exec(url) ?? []
  response.writeHead(Number(status), { 'content-type': 'application/xml' })
  response.end(method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>m</Message></Error>`)
})
let client: S3Client
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = new S3Client({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'me', secretAccessKey: 'secret' },
  })
})
afterAll(() => void server.close())

const get = (Key: string) => unlessMissing(() => client.send(new GetObjectCommand({ Bucket: 'b', Key })))
const head = (Key: string) => unlessMissing(() => client.send(new HeadObjectCommand({ Bucket: 'b', Key })))

it('an object that S3 does not find, or does not reveal without the right to list, is missing', async () => {
  expect(await get('404-NoSuchKey')).toBeUndefined()
  expect(await head('404-NoSuchKey')).toBeUndefined()
  expect(await get('403-AccessDenied')).toBeUndefined()
  expect(await head('403-AccessDenied')).toBeUndefined()
})

it('other errors do not mean that an object is missing', async () => {
  await expect(get('403-RequestTimeTooSkewed')).rejects.toThrow()
  await expect(get('403-InvalidAccessKeyId')).rejects.toThrow()
  await expect(get('503-SlowDown')).rejects.toThrow()
})
