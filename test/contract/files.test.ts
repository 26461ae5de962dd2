import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeIds, systemClock } from '../../functions/adapters/node-ids.ts'
import { s3FileStore } from '../../functions/adapters/s3/file-store.ts'
import { createEndpoint } from '../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../local/iam/service.ts'
import { ObjectStore } from '../../local/s3/object-store.ts'
import { answerS3 } from '../../local/s3/wire.ts'
import type { FileStore } from '../../shared/ports/index.ts'
import { memoryFiles } from '../../testing/memory/files.ts'

const MIB = 1024 * 1024
const PART = 8 * MIB
const OPTIONS = { contentType: 'text/csv', maxBytes: 100 * MIB }

let folder: string
let store: ObjectStore
let client: S3Client
/** Requests, by the name of their command and in order; a test may make one fail. */
let requests: string[] = []
let failing: string | undefined
let onRequest = (_command: string): void => {}
/** Where the contents of requests lie. */
const memory = new Set<ArrayBufferLike>()
/** Bytes that are in requests whose answer is not there yet. */
let underWay = 0
const server = createEndpoint((request) => answerS3(store, request, new IamService()))
const stores: Record<string, FileStore> = { memory: memoryFiles({}, nodeIds(systemClock)) }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
  store = await ObjectStore.open(folder)
  await store.createBucket('bucket')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
  })
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        requests.push(commandName)
        onRequest(commandName)
        if (commandName === failing) throw new Error(`${commandName} failed`)
        const { Body } = args.input as { Body?: Uint8Array }
        underWay += Body?.length ?? 0
        if (Body) memory.add(Body.buffer)
        try {
          return await next(args)
        } finally {
          underWay -= Body?.length ?? 0
        }
      },
    { step: 'initialize', name: 'watching' },
  )
  stores.s3 = s3FileStore({ client, bucket: 'bucket' })
})
afterAll(async () => {
  client.destroy()
  server.closeAllConnections()
  server.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const portOf = (name: string): FileStore => stores[name] as FileStore
const chunks = (...given: (Uint8Array | string)[]) => Readable.from(given.map((one) => Buffer.from(one)))
const readAll = async (files: FileStore, key: string) => {
  const { body, ...told } = await files.open(key)
  return { ...told, content: Buffer.concat(await Array.fromAsync(body as AsyncIterable<Uint8Array>)) }
}
/** A content whose bytes say where they stand. */
async function* numbered(bytes: number, size = 100_000, onChunk = (_bytes: number) => {}) {
  for (let at = 0; at < bytes; at += size) {
    const chunk = Buffer.alloc(Math.min(size, bytes - at), `${at},`)
    onChunk(chunk.length)
    yield chunk
  }
}

describe.each(['memory', 's3'])('a file store: %s', (name) => {
  const key = (of: string) => `task-files/default/t/${of}`

  it.each([0, 1, PART - 1, PART, PART + 1, 2 * PART])(
    'gives back %i bytes as they were written, whatever the size of the chunks',
    async (bytes) => {
      const files = portOf(name)
      const whole = Buffer.concat(await Array.fromAsync(numbered(bytes)))
      for (const size of [PART * 3, 100_001]) {
        const stored = await files.write(key('x.csv'), Readable.from(rechunked(whole, size)), OPTIONS)
        expect([stored.key, stored.bytes]).toEqual([key('x.csv'), bytes])
        const found = await readAll(files, key('x.csv'))
        expect(found.content.equals(whole)).toBe(true)
        expect(found).toMatchObject({ bytes, contentType: 'text/csv', etag: stored.etag })
        expect(await files.list(key('x.csv'), 5)).toEqual([stored])
      }
    },
  )

  it('replaces what is there, and keeps others', async () => {
    const files = portOf(name)
    for (const text of ['one', 'two']) await files.write(key('y'), chunks(text), OPTIONS)
    await files.write(key('y2'), chunks('three'), OPTIONS)
    expect((await readAll(files, key('y'))).content.toString()).toBe('two')
    expect((await files.list(key(''), 9)).map((one) => one.key)).toContain(key('y2'))
  })

  it('knows no file that was not written', async () => {
    const files = portOf(name)
    await expect(files.open(key('none'))).rejects.toMatchObject({ name: 'NotFoundError' })
    await expect(files.read(key('none'), 9)).rejects.toMatchObject({ name: 'NotFoundError' })
    expect(await files.list(key('none'), 9)).toEqual([])
  })

  it.each([
    ['small', 10],
    ['in parts', PART + 10],
  ])('takes exactly as much as it may, and not a byte more: %s (parts/P1)', async (_what, maxBytes) => {
    const files = portOf(name)
    const write = (bytes: number) =>
      files
        .write(key(`limited-${maxBytes}`), numbered(bytes), { ...OPTIONS, maxBytes })
        .then(({ bytes: stored }) => stored)
    await expect(write(maxBytes + 1)).rejects.toMatchObject({ name: 'ContentTooLargeError' })
    expect(await files.list(key(`limited-${maxBytes}`), 1)).toEqual([])
    expect(await write(maxBytes)).toBe(maxBytes)
    await expect(write(maxBytes + 1)).rejects.toMatchObject({ name: 'ContentTooLargeError' })
    expect(await files.list(key(`limited-${maxBytes}`), 1)).toMatchObject([{ bytes: maxBytes }])
  })

  it.each([10, 3 * PART])(
    'leaves nothing of a content that fails after %i bytes (parts/P1)',
    async (bytes) => {
      const files = portOf(name)
      async function* broken() {
        yield* numbered(bytes)
        throw new Error('the source broke')
      }
      await expect(files.write(key('broken'), broken(), OPTIONS)).rejects.toThrow('the source broke')
      expect(await files.list(key('broken'), 1)).toEqual([])
      expect(await readdir(store.uploads).catch(() => [])).toEqual([])
    },
  )

  it.each([0, 2 * PART])(
    'stops when it is told to, also where the source hangs after %i bytes',
    async (bytes) => {
      const files = portOf(name)
      const stop = new AbortController()
      let returned = false
      async function* hanging() {
        try {
          yield* numbered(bytes)
          stop.abort(new Error('the deadline'))
          await new Promise(() => {})
        } finally {
          returned = true
        }
      }
      const options = { ...OPTIONS, signal: stop.signal }
      await expect(files.write(key('hung'), hanging(), options)).rejects.toThrow('the deadline')
      expect(await files.list(key('hung'), 1)).toEqual([])
      expect(await readdir(store.uploads).catch(() => [])).toEqual([])
      expect(returned).toBe(false)
    },
  )
})

describe('an upload to S3', () => {
  const write = (bytes: number, onChunk?: (bytes: number) => void) =>
    portOf('s3').write('task-files/default/t/z', numbered(bytes, MIB, onChunk), OPTIONS)

  it.each(['CreateMultipartUploadCommand', 'UploadPartCommand', 'CompleteMultipartUploadCommand'])(
    'is aborted when %s fails, and reads no more of its content (parts/P1)',
    async (command) => {
      requests = []
      failing = command
      let read = 0
      const count = (bytes: number): void => {
        read += bytes
      }
      await expect(write(5 * PART, count)).rejects.toThrow(`${command} failed`)
      failing = undefined
      const isBegun = command !== 'CreateMultipartUploadCommand'
      expect(requests.filter((one) => one === 'AbortMultipartUploadCommand')).toHaveLength(isBegun ? 1 : 0)
      if (command !== 'CompleteMultipartUploadCommand') expect(read).toBeLessThanOrEqual(4 * PART)
      expect(await readdir(store.uploads)).toEqual([])
      expect(await portOf('s3').list('task-files/default/t/z', 1)).toEqual([])
    },
  )

  it.each([
    ['PutObjectCommand', 10],
    ['CreateMultipartUploadCommand', 2 * PART],
    ['UploadPartCommand', 2 * PART],
  ])('that is stopped during a %s throws the reason, and leaves its content', async (command, bytes) => {
    const stop = new AbortController()
    onRequest = (name) => {
      if (name === command) stop.abort(new Error('the deadline'))
    }
    let isLeft = false
    async function* content() {
      try {
        yield* numbered(bytes)
        yield* numbered(1)
      } finally {
        isLeft = true
      }
    }
    const options = { ...OPTIONS, signal: stop.signal }
    const writing = portOf('s3').write('task-files/default/t/stopped', content(), options)
    await expect(writing).rejects.toThrow('the deadline')
    onRequest = () => {}
    expect(isLeft).toBe(true)
    expect(await portOf('s3').list('task-files/default/t/stopped', 1)).toEqual([])
  })

  it('has at most two parts under way, and one that is being filled (parts/P2)', async () => {
    let [read, most] = [0, 0]
    let taken = 0
    await write(4 * PART, (bytes) => {
      read += bytes
      taken = Math.max(taken, read)
      most = Math.max(most, underWay)
    })
    expect([most, taken]).toEqual([2 * PART, 4 * PART])
  })

  it('uses the memory of three parts again and again (parts/P2)', async () => {
    memory.clear()
    await write(8 * PART)
    expect(memory.size).toBeLessThanOrEqual(3)
  })

  it('of what fits a part is one request', async () => {
    requests = []
    await write(PART - 1)
    expect(requests).toEqual(['PutObjectCommand'])
  })
})

function* rechunked(whole: Buffer, size: number) {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}
