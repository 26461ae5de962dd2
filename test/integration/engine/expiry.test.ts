/** What expires by itself in AWS expires on a laptop too: items by TTL, objects by the rules of their bucket; and a deletion removes every version. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3ErasedObjects } from '../../../functions/adapters/s3/removal/erased-objects.ts'
import { s3ExpiringBlobs } from '../../../functions/adapters/s3/removal/expiring-blobs.ts'
import { removeExpired } from '../../../local/ageing.ts'
import { dynamodbProvisioners } from '../../../local/dynamodb/provision.ts'
import { DynamoDBService } from '../../../local/dynamodb/service.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../../local/iam/service.ts'
import { ObjectStore } from '../../../local/s3/object-store.ts'
import { s3Provisioners } from '../../../local/s3/provision.ts'
import { answerS3 } from '../../../local/s3/wire.ts'
import { clientOf } from '../../support/stores/start-dynamodb.ts'

const DAY = 86_400_000
const PLACE = { account: '1', region: 'us-east-1' }
let objects: ObjectStore
let s3: S3Client
const dynamodb = new DynamoDBService()
const raw = clientOf(dynamodb)
const documents = DynamoDBDocumentClient.from(raw)
const server = createEndpoint((request) => answerS3(objects, request, new IamService()))
const Bucket = 'data-bucket'

beforeAll(async () => {
  objects = await ObjectStore.open()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  s3 = new S3Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
  })
  const resource = { stack: 'data', logicalId: 'Bucket', path: '', type: '' }
  await s3Provisioners(objects)['AWS::S3::Bucket']?.({
    ...resource,
    properties: {
      BucketName: Bucket,
      LifecycleConfiguration: {
        Rules: [
          {
            Status: 'Enabled',
            Prefix: 'tasks/',
            ExpirationInDays: 3,
            TagFilters: [{ Key: 'task', Value: 'ended' }],
          },
          { Status: 'Enabled', Prefix: 'files/', ExpirationInDays: 5 },
          { Status: 'Disabled', Prefix: '', ExpirationInDays: 1 },
          { Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
        ],
      },
    },
  } as never)
  await dynamodbProvisioners(dynamodb, PLACE)['AWS::DynamoDB::Table']?.({
    ...resource,
    properties: {
      TableName: 'tasks',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    },
  } as never)
})
afterAll(async () => {
  server.close()
  s3.destroy()
  raw.destroy()
  await objects.close()
  await dynamodb.stop()
})

const put = (Key: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, ContentType: 'text/plain' }))
const textOf = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()
const keys = async (Prefix = ''): Promise<string[]> =>
  ((await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents ?? []).map(({ Key = '' }) => Key)
const at = (days: number) => ({ dynamodb, objects, now: () => Date.now() + days * DAY })

describe('the local cloud', () => {
  it('removes items when their time has passed, and no others', async () => {
    const now = Math.floor(Date.now() / 1_000)
    for (let sk = 0; sk < 1_200; sk++)
      await documents.send(
        new PutCommand({
          TableName: 'tasks',
          Item: { pk: 'p', sk: `s${sk}`, ...(sk % 3 === 0 ? {} : { expiresAt: now + (sk % 3) * 86_400 }) },
        }),
      )
    const has = async (sk: number) =>
      (await documents.send(new GetCommand({ TableName: 'tasks', Key: { pk: 'p', sk: `s${sk}` } }))).Item !==
      undefined
    await removeExpired(at(0))
    expect([await has(0), await has(1), await has(1_198)]).toEqual([true, true, true])
    await removeExpired(at(1.5))
    expect([await has(0), await has(1), await has(2), await has(1_198)]).toEqual([true, false, true, false])
  }, 30_000)

  it('removes objects by rules of prefix, age and tag', async () => {
    const all = ['files/f/a', 'tasks/t_1/kept', 'tasks/t_1/tagged', 'tasks/t_1/untagged-again']
    for (const key of all) await put(key)
    const Tagging = { TagSet: [{ Key: 'task', Value: 'ended' }] }
    for (const Key of all.slice(2)) await s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging }))
    await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tasks/t_1/untagged-again' }))
    await removeExpired(at(2))
    expect(await keys()).toEqual(all)
    await removeExpired(at(4.1))
    expect(await keys()).toEqual(['files/f/a', 'tasks/t_1/kept', 'tasks/t_1/untagged-again'])
    await removeExpired(at(6.1))
    expect(await keys()).toEqual(['tasks/t_1/kept', 'tasks/t_1/untagged-again'])
  })

  it('copies an object onto itself with other tags, and keeps its content', async () => {
    await put('tasks/t_2/old & "quoted"')
    const marks = s3ExpiringBlobs({ client: s3, bucket: Bucket, now: () => new Date(Date.now() + 3 * DAY) })
    await marks.mark('tasks/t_2/')
    expect(await textOf('tasks/t_2/old & "quoted"')).toBe('tasks/t_2/old & "quoted"')
    await removeExpired(at(4.1))
    expect(await keys('tasks/t_2/')).toEqual([])
    await put('tasks/t_3/a')
    const copy = { Bucket, Key: 'tasks/t_3/b', CopySource: `${Bucket}/tasks/t_3/a` }
    await s3.send(new CopyObjectCommand(copy))
    expect(await textOf('tasks/t_3/b')).toBe('tasks/t_3/a')
  })

  it('removes all objects under a prefix for good, many at a time, whatever their names', async () => {
    const odd = ['a&b', 'a<b>', "it's", 'ü/ä', 'new\nline']
    const many = Array.from({ length: 1_100 }, (_, number) => String(number))
    for (const name of [...odd, ...many]) await put(`tasks/t_9/${name}`)
    await put('tasks/t_99/other')
    let calls = 0
    const erased = s3ErasedObjects({ client: s3, bucket: Bucket })
    expect(await erased.removeAll('tasks/t_9/', () => ++calls > 1)).toBe(false)
    expect((await keys('tasks/t_9/')).length).toBe(105)
    expect(await erased.removeAll('tasks/t_9/', () => false)).toBe(true)
    expect(await keys('tasks/t_9')).toEqual(['tasks/t_99/other'])
  }, 30_000)
})
