/** Anchors of the audit, in a stage that has some: written by the functions as they are deployed, with their grants, and checked by the CLI. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuditEntry, entryAfter, NOTHING_BEFORE } from '../../../shared/domain/audit.ts'
import { type Outcome, startCli } from '../../support/cloud/start-cli.ts'
import { startTokenCloud, type TokenCloud } from '../../support/cloud/token-cloud.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const LOCAL = { accessKeyId: 'local', secretAccessKey: 'local' }

let cloud: TokenCloud
let folder: string
let key: string
let s3: S3Client
let bucket: string
let table: string
let tables: DynamoDBDocumentClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anchors-'))
  cloud = await startTokenCloud({ dataFolder: join(folder, 'data') }, { auditAnchorDays: '30' })
  ;({ key } = await cloud.makeKey({ scopes: ['admin'] }))
  const place = { endpoint: cloud.awsUrl, region: 'us-east-1' }
  s3 = new S3Client({ ...place, credentials: LOCAL, forcePathStyle: true })
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}))
  bucket = Buckets.map(({ Name = '' }) => Name).find((name) => name.includes('anchors')) ?? ''
  const dynamodb = new DynamoDBClient({ ...place, credentials: LOCAL })
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}))
  table = TableNames.find((name) => /registry/i.test(name)) ?? ''
  tables = DynamoDBDocumentClient.from(dynamodb)
}, 180_000)
afterAll(async () => {
  await cloud?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Calls a function as its schedule does; the error of it, if it has failed. */
async function run(name: string): Promise<string | undefined> {
  const path = `/2015-03-31/functions/orchestrator-${name}/invocations`
  const answer = await fetch(`${cloud.awsUrl}${path}`, { method: 'POST', body: '{}' })
  return answer.headers.has('x-amz-function-error') ? answer.text() : undefined
}

const cli = (...args: string[]): Promise<Outcome> =>
  startCli(['audit', ...args], { ORCHESTRATOR_URL: cloud.apiUrl, ORCHESTRATOR_KEY: key }).outcome
const verified = async (...args: string[]) => JSON.parse((await cli('--verify', '--json', ...args)).stdout)

async function chain(): Promise<AuditEntry[]> {
  const { Items = [] } = await tables.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'AUDIT#default' },
    }),
  )
  return Items.map(({ json }) => JSON.parse(json))
}

const keyOf = (sequence: number) => ({
  pk: 'AUDIT#default',
  sk: `ENTRY#${String(sequence).padStart(12, '0')}`,
})
const put = (entry: AuditEntry) =>
  tables.send(
    new PutCommand({ TableName: table, Item: { ...keyOf(entry.sequence), json: JSON.stringify(entry) } }),
  )

/** Two keys are made: two entries more. */
async function change(): Promise<void> {
  await cloud.makeKey({ scopes: ['tasks:read'] })
  await cloud.makeKey({ scopes: ['tasks:read'] })
  expect(await run('audit')).toBeUndefined()
}

const versions = async () => (await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions ?? []

describe('anchors', () => {
  it('are written for each end of a chain, once, and fit it (anchors/N1)', async () => {
    await change()
    expect(await run('anchor')).toBeUndefined()
    expect(await run('anchor')).toBeUndefined()
    await change()
    expect(await run('anchor')).toBeUndefined()
    const entries = (await chain()).length
    expect((await versions()).map(({ Key }) => Key)).toEqual([
      `default/${String(entries - 2).padStart(12, '0')}.json`,
      `default/${String(entries).padStart(12, '0')}.json`,
    ])
    expect(await verified()).toMatchObject({
      whole: true,
      entries,
      anchors: 2,
      newestAnchor: { tenant: 'default', sequence: entries },
    })
    expect((await cli('--verify')).stdout).toMatch(
      /2 anchors fit, the newest of [\s\S]*--anchor-key [\w+/=\s]+/,
    )
  })

  it('are signed by a key that is a file of its owner alone, and are found again', async () => {
    const keys = join(folder, 'data', 'kms')
    const files = await readdir(keys)
    expect(files).toHaveLength(1)
    const { mode } = await stat(join(keys, String(files[0])))
    if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o600)
  })

  it('cannot be deleted or replaced, by whoever it is (anchors/N3)', async () => {
    const [{ Key, VersionId } = {}] = await versions()
    const object = { Bucket: bucket, Key }
    const calls = [
      new DeleteObjectCommand(object),
      new DeleteObjectCommand({ ...object, VersionId }),
      new PutObjectCommand({ ...object, Body: '{}' }),
    ]
    for (const call of calls)
      await expect(s3.send(call as PutObjectCommand)).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(
      s3.send(new PutObjectCommand({ ...object, Body: '{}', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' })
  })

  it('are checked from a copy of their bucket, by a key that was kept; what is altered is named (anchors/N1)', async () => {
    const copy = join(folder, 'copy')
    for (const { Key = '' } of await versions()) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
      await mkdir(dirname(join(copy, Key)), { recursive: true })
      await writeFile(join(copy, Key), (await Body?.transformToString()) ?? '')
    }
    const { keys } = await verified()
    expect(await verified('--anchors', copy, '--anchor-key', keys[0])).toMatchObject({
      whole: true,
      anchors: 2,
    })

    const [name = ''] = (await readdir(join(copy, 'default'))).sort()
    const file = join(copy, 'default', name)
    const signed = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...signed, anchor: { ...signed.anchor, hash: digest('else') } }))
    expect(await cli('--verify', '--anchors', copy)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`anchor default/${name} cannot be relied on: its signature`),
    })
    await writeFile(file, 'x')
    expect(await cli('--verify', '--anchors', copy)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no anchor'),
    })
    expect(await cli('--verify', '--anchors', join(folder, 'none'))).toMatchObject({ code: 2 })
  })

  it('that another key has signed are not trusted (anchors/N1)', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const file = join(folder, 'other.pem')
    await writeFile(file, publicKey.export({ format: 'pem', type: 'spki' }))
    expect(await cli('--verify', '--anchor-key', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is signed by a key that is not trusted'),
    })
    expect(await cli('--verify', '--anchor-key', 'nonsense')).toMatchObject({ code: 2 })
  })

  it('are missed where a key was kept and there are none to check by it', async () => {
    const ORCHESTRATOR_TOKEN = await cloud.issuer.token({ tenant: 'young', scope: 'admin' })
    const env = { ORCHESTRATOR_URL: cloud.apiUrl, ORCHESTRATOR_TOKEN }
    const young = (...args: string[]) => startCli(['audit', '--verify', ...args], env).outcome
    expect(await young()).toMatchObject({ code: 0 })
    const { keys } = await verified()
    expect(await young('--anchor-key', keys[0])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the service gives no anchors to check by it'),
    })
  })

  it('find a chain that was written anew as a whole, with right hashes, and the function tells it too (anchors/N2, anchors/N3)', async () => {
    const before = await chain()
    const anew: AuditEntry[] = []
    for (const { sequence: _, before: __, hash: ___, ...call } of before)
      anew.push(entryAfter(anew.at(-1) ?? NOTHING_BEFORE, { ...call, subject: 'somebody-else' }, digest))
    for (const entry of anew) await put(entry)
    const first = before.length - 2
    try {
      expect(await cli('--verify')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          new RegExp(`broken at entry ${first}: it is another one than anchor default/0+${first}\\.json`),
        ),
      })
    } finally {
      for (const entry of before) await put(entry)
    }
    expect(await verified()).toMatchObject({ whole: true })
  })

  it('find a chain that was cut off, and the function fails (anchors/N2, anchors/N3)', async () => {
    const before = await chain()
    const last = before.at(-1) as AuditEntry
    await tables.send(new DeleteCommand({ TableName: table, Key: keyOf(last.sequence) }))
    try {
      expect(await cli('--verify')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(new RegExp(`at entry ${last.sequence}: the chain ends after`)),
      })
      expect(await run('anchor')).toContain(`and has an anchor at ${last.sequence}`)
    } finally {
      await put(last)
    }
  })
})

/** The error of a request by the role of this number; undefined where it has none, as for a number that no role has. */
function errorBy(
  at: number,
  request: (client: DynamoDBClient) => Promise<unknown>,
): Promise<string | undefined> {
  const accessKeyId = `ASIALOCAL${String(at).padStart(11, '0')}`
  const credentials = { accessKeyId, secretAccessKey: 'any', sessionToken: 'any' }
  const client = new DynamoDBClient({ endpoint: cloud.awsUrl, region: 'us-east-1', credentials })
  return request(client).then(
    () => undefined,
    (error: Error) => error.name,
  )
}

it('lets one role alone put into a chain, as it is deployed (audit-writer/W4)', async () => {
  let roles = 0
  // No role lists tables, and whoever runs the cloud may.
  while (await errorBy(roles, (client) => client.send(new ListTablesCommand({})))) roles += 1
  expect(roles).toBeGreaterThan(20)
  // A condition that no item fulfils: nothing is written, whoever may.
  const Item = { ...keyOf(1), json: '{}' }
  const put = new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_exists(nothing)' })
  const outcomes = await Promise.all(
    Array.from({ length: roles }, (_, at) =>
      errorBy(at, (client) => DynamoDBDocumentClient.from(client).send(put)),
    ),
  )
  expect(outcomes.filter((name) => name === 'ConditionalCheckFailedException')).toHaveLength(1)
  expect(outcomes.filter((name) => name === 'AccessDeniedException')).toHaveLength(roles - 1)
})
