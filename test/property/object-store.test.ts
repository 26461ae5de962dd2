import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEndpoint } from '../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../local/iam/service.ts'
import { ObjectStore } from '../../local/s3/object-store.ts'
import { answerS3 } from '../../local/s3/wire.ts'

const MOST_BYTES = 1_024
const names = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  fc.constantFrom(
    '.',
    '..',
    '...',
    'a',
    'A',
    'b',
    'a@',
    'a~',
    '%2E',
    '%',
    '+',
    ' ',
    'a b',
    '\n',
    '\r\n',
    '*',
    '?',
    '#',
    '\\',
  ),
  fc.constantFrom(
    'รายงานการประชุมประจำเดือน.md',
    'e\u0301.md',
    '\u00e9.md',
    '\u{1F600}',
    '\uFFFD',
    '\uE000',
    'con',
    'nul.txt',
  ),
  fc.integer({ min: 100, max: 340 }).map((length) => `${'ก'.repeat(length)}.md`),
  fc.integer({ min: 150, max: 1_000 }).map((length) => `${'a'.repeat(length)}.html`),
)
const keys = fc
  .array(names, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))
  // Excludes keys of white space only: the SDK's parser reads such an element as empty.
  .filter((key) => Buffer.byteLength(key) <= MOST_BYTES && key.trim() !== '')
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

let folder: string
let store: ObjectStore
let client: S3Client
const iam = new IamService()
const server = createEndpoint((request) => answerS3(store, request, iam))

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
})
afterAll(() => {
  client.destroy()
  server.close()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-s3-'))
  return () => rm(folder, { recursive: true, force: true })
})

async function open(): Promise<void> {
  store = await ObjectStore.open(folder)
  await store.createBucket('b')
}

const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket: 'b', Key, Body }))
const get = async (Key: string) => {
  const answer = await client.send(new GetObjectCommand({ Bucket: 'b', Key }))
  return { etag: answer.ETag, text: await answer.Body?.transformToString() }
}
async function list(
  query: { Prefix?: string; Delimiter?: string; MaxKeys?: number; StartAfter?: string } = {},
) {
  const found: {
    keys: string[]
    folders: string[]
    etags: (string | undefined)[]
    sizes: (number | undefined)[]
  } = {
    keys: [],
    folders: [],
    etags: [],
    sizes: [],
  }
  for (let token: string | undefined, first = true; first || token; first = false) {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: 'b', ...query, ...(token ? { ContinuationToken: token } : {}) }),
    )
    const size = (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)
    expect(page.KeyCount).toBe(size)
    expect(size).toBeLessThanOrEqual(query.MaxKeys ?? 1_000)
    for (const { Key, ETag, Size } of page.Contents ?? []) {
      found.keys.push(Key ?? '')
      found.etags.push(ETag)
      found.sizes.push(Size)
    }
    found.folders.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''))
    token = page.NextContinuationToken
  }
  return found
}

type Command = { do: 'put' | 'delete' | 'reopen'; key: number; body: string }
const commands = fc.array(
  fc.record<Command>({
    do: fc.constantFrom('put', 'put', 'put', 'delete', 'reopen'),
    key: fc.nat(),
    body: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  }),
  { maxLength: 20 },
)

describe('objects/O1, objects/O2: stored objects are found under their own names', () => {
  it('get, list, prefix, delimiter and pages agree with a map, for any names', async () => {
    const world = fc.record({
      names: fc.uniqueArray(keys, { minLength: 1, maxLength: 8 }),
      commands,
      cut: fc.nat({ max: 30 }),
      pageSize: fc.integer({ min: 1, max: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(world, async ({ names: known, commands: todo, cut, pageSize }) => {
        await rm(folder, { recursive: true, force: true })
        await open()
        const abandoned: ObjectStore[] = []
        const model = new Map<string, string>()
        for (const command of todo) {
          const key = known[command.key % known.length] ?? ''
          if (command.do === 'put') {
            await put(key, command.body)
            model.set(key, command.body)
          } else if (command.do === 'delete') {
            await client.send(new DeleteObjectCommand({ Bucket: 'b', Key: key }))
            model.delete(key)
          } else {
            // Simulates the death of the process: nothing is closed.
            abandoned.push(store)
            await open()
          }
        }
        const expected = [...model.keys()].sort(byBytes)
        const all = await list({ MaxKeys: pageSize })
        expect(all.keys).toEqual(expected)
        expect(all.sizes).toEqual(expected.map((key) => Buffer.byteLength(model.get(key) ?? '')))
        for (const [index, key] of expected.entries()) {
          expect(await get(key)).toEqual({ etag: all.etags[index], text: model.get(key) })
        }
        const [first = ''] = known
        const Prefix = [...first].slice(0, cut).join('')
        const under = expected.filter((key) => key.startsWith(Prefix))
        expect((await list({ Prefix, MaxKeys: pageSize })).keys).toEqual(under)
        const rest = (key: string) => key.slice(Prefix.length)
        const isFolder = (key: string) => rest(key).includes('/')
        const folderOf = (key: string) => Prefix + rest(key).slice(0, rest(key).indexOf('/') + 1)
        const byFolder = await list({ Prefix, Delimiter: '/', MaxKeys: pageSize })
        expect(byFolder.keys).toEqual(under.filter((key) => !isFolder(key)))
        expect(byFolder.folders).toEqual([...new Set(under.filter(isFolder).map(folderOf))])
        expect((await list({ StartAfter: first })).keys).toEqual(
          expected.filter((key) => byBytes(key, first) > 0),
        )
        for (const opened of [...abandoned, store]) await opened.close()
      }),
      { numRuns: 60 },
    )
  })

  it('takes keys of 1,024 bytes and refuses longer ones, counting bytes', async () => {
    await open()
    const longest = `${'ก'.repeat(341)}x`
    await put(longest, 'whole')
    expect((await get(longest)).text).toBe('whole')
    await expect(put(`${longest}y`, 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' })
    await expect(put('a'.repeat(1_025), 'x')).rejects.toMatchObject({
      message: expect.stringContaining('1025 bytes of at most 1024'),
    })
    await store.close()
  })

  it('keeps the type of a content, and says when it was put', async () => {
    await open()
    await client.send(
      new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: '{}', ContentType: 'application/json' }),
    )
    const head = await client.send(new HeadObjectCommand({ Bucket: 'b', Key: 'k' }))
    expect(head).toMatchObject({ ContentType: 'application/json', ContentLength: 2 })
    expect(Math.abs(Date.now() - (head.LastModified?.getTime() ?? 0))).toBeLessThan(60_000)
    await store.close()
  })

  it('shows a changed object by the etag in a listing', async () => {
    await open()
    await put('k', 'one')
    const { etags: before } = await list()
    await put('k', 'two')
    const { etags: after } = await list()
    expect(after).not.toEqual(before)
    expect(after).toEqual([(await get('k')).etag])
    await store.close()
  })

  it('gives a reader one complete object while others write', async () => {
    await open()
    const bodies = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000))
    await put('k', bodies[0] ?? '')
    const reads = bodies.flatMap((body) => [put('k', body).then(() => undefined), get('k'), get('k')])
    for (const read of await Promise.all(reads)) if (read) expect(bodies).toContain(read.text)
    await store.close()
    await open()
    const files = await readdir(join(folder, '.objects'), { recursive: true, withFileTypes: true })
    expect(files.filter((entry) => entry.isFile())).toHaveLength(1)
    await store.close()
  })
})

describe('objects/O3: the remains of a crash', () => {
  it('is removed when it is old, and left alone when another process may be writing it', async () => {
    await open()
    await put('k', 'kept')
    await store.close()
    const shard = join(folder, '.objects', 'ab')
    await mkdir(shard, { recursive: true })
    await writeFile(join(shard, 'ab-old'), 'x')
    await utimes(join(shard, 'ab-old'), new Date(0), new Date(0))
    await writeFile(join(shard, 'ab-new'), 'x')
    await open()
    await store.close()
    expect(await readdir(shard)).toEqual(expect.not.arrayContaining(['ab-old']))
    expect(await readdir(shard)).toEqual(expect.arrayContaining(['ab-new']))
    await open()
    expect((await get('k')).text).toBe('kept')
    await store.close()
  })
})

describe('objects/O4: a folder in the former layout', () => {
  /** A bucket in the former layout: `a.md` under `files/x/`, and a name that had to be cut. */
  async function writeOldFolder(): Promise<string> {
    const { createHash } = await import('node:crypto')
    await mkdir(join(folder, 'b/files/x'), { recursive: true })
    await writeFile(join(folder, 'b/files/x/a%2Emd@'), 'short')
    const thai = 'รายงานการประชุมประจำเดือน.md'
    const encoded = encodeURIComponent(thai).replaceAll('.', '%2E')
    const cut = `${encoded.slice(0, 100)}-${createHash('sha256').update(encoded).digest('hex')}@`
    await writeFile(join(folder, 'b/files/x', cut), 'long')
    return `files/x/${thai}`
  }

  it('is migrated: objects with complete names are listed, those with truncated names are found by name', async () => {
    const thai = await writeOldFolder()
    await open()
    expect((await list()).keys).toEqual(['files/x/a.md'])
    expect((await get('files/x/a.md')).text).toBe('short')
    expect((await get(thai)).text).toBe('long')
    expect((await list({ Prefix: 'files/x/' })).keys).toEqual(['files/x/a.md', thai].sort(byBytes))
    await store.close()
    await open()
    expect((await list()).keys).toEqual(['files/x/a.md', thai].sort(byBytes))
    expect(await readdir(folder)).not.toContain('b')
    await store.close()
  })

  it('never hides later changes', async () => {
    const thai = await writeOldFolder()
    await open()
    await put(thai, 'new')
    await client.send(new DeleteObjectCommand({ Bucket: 'b', Key: 'files/x/a.md' }))
    await store.close()
    await open()
    expect((await get(thai)).text).toBe('new')
    expect((await list()).keys).toEqual([thai])
    await store.close()
  })
})
