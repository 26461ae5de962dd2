/** Keys of KMS that sign, and buckets with Object Lock, as the adapter of anchors uses them: over the wire, with the policies of a role. */
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { s3Anchors } from '../../../functions/adapters/anchors/anchors.ts'
import { kmsSigner } from '../../../functions/adapters/anchors/kms-signer.ts'
import { signedCall } from '../../../functions/adapters/signed-call.ts'
import { answerAws } from '../../../local/aws/answer.ts'
import { createEndpoint } from '../../../local/endpoint/endpoint-server.ts'
import { IamService } from '../../../local/iam/service.ts'
import { kmsProvisioners } from '../../../local/kms/provision.ts'
import { KmsService } from '../../../local/kms/service.ts'
import { ObjectStore } from '../../../local/s3/object-store.ts'
import { s3Provisioners } from '../../../local/s3/provision.ts'
import { anchorKey, endsOfAnchors, signedText } from '../../../shared/domain/audit-anchor.ts'
import type { Anchors } from '../../../shared/ports/anchors.ts'
import { portWith } from '../../support/stores/ports-with.ts'

const folder = mkdtempSync(join(tmpdir(), 'kms-'))
const place = { account: '000000000000', region: 'us-east-1' }
const [WRITER, READER] = ['writer', 'reader'].map((name) => `arn:aws:iam::000000000000:role/${name}`) as [
  string,
  string,
]
const KEY = 'arn:aws:kms:us-east-1:000000000000:key/data-anchorkey'
const BUCKET = 'data-anchors'

const iam = new IamService()
const allow = (name: string, Action: string[], Resource: string[]) =>
  iam.attach(name, [{ Effect: 'Allow', Action, Resource }])
iam.putRole('writer', WRITER)
iam.putRole('reader', READER)
for (const name of ['writer', 'reader']) {
  allow(name, ['kms:GetPublicKey'], [KEY])
  allow(name, ['s3:GetObjectVersion'], [`arn:aws:s3:::${BUCKET}/*`])
  allow(name, ['s3:ListBucketVersions'], [`arn:aws:s3:::${BUCKET}`])
}
allow('writer', ['kms:Sign'], [KEY])
allow('writer', ['s3:PutObject'], [`arn:aws:s3:::${BUCKET}/*`])

const kms = new KmsService(join(folder, 'kms'))
let objects: ObjectStore
let own: S3Client
let url: string
const endpoint = createEndpoint((request) =>
  answerAws(
    portWith<Parameters<typeof answerAws>[0]>(
      { ...place, iam, kms, objects, onCall: () => {} },
      'the services',
    ),
    request,
  ),
)

beforeAll(async () => {
  objects = await ObjectStore.open(join(folder, 's3'))
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
  vi.stubEnv('AWS_ENDPOINT_URL', url)
  own = clientOf({ accessKeyId: 'local', secretAccessKey: 'local' })
  const resource = { stack: 'data', nested: undefined, type: '', dependsOn: [] }
  const ofKey = { ...resource, logicalId: 'AnchorKey', properties: { KeyUsage: 'SIGN_VERIFY' } }
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } }
  const properties = { ObjectLockEnabled: true, ObjectLockConfiguration: { Rule } }
  const ofBucket = { ...resource, logicalId: 'Anchors', properties }
  type Given = Parameters<ReturnType<typeof kmsProvisioners>[string]>[0]
  const made = await kmsProvisioners(kms, place)['AWS::KMS::Key']?.(ofKey as object as Given)
  expect(made).toMatchObject({ attributes: { Arn: KEY } })
  await s3Provisioners(objects)['AWS::S3::Bucket']?.(ofBucket as object as Given)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  endpoint.close()
  await objects.close()
  rmSync(folder, { recursive: true, force: true })
})

function clientOf(credentials: { accessKeyId: string; secretAccessKey: string }): S3Client {
  return new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials })
}

function anchorsAs(role: string): Anchors {
  const given = iam.credentialsOf(role)
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value)
  const [accessKeyId = '', secretAccessKey = ''] = [given.AWS_ACCESS_KEY_ID, given.AWS_SECRET_ACCESS_KEY]
  const client = clientOf({ accessKeyId, secretAccessKey })
  return s3Anchors({ client, bucket: BUCKET, signer: kmsSigner({ key: KEY, call: signedCall }) })
}

const anchorOf = (sequence: number, tenant = 'acme') => ({
  tenant,
  sequence,
  hash: String(sequence).padStart(64, '0'),
  at: '2026-01-01T00:00:00.000Z',
})

const isSigned = ({ text, publicKey, signature }: { text: string; publicKey: string; signature: string }) =>
  verify(
    'sha256',
    Buffer.from(text),
    createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }),
    Buffer.from(signature, 'base64'),
  )

describe('anchors in a bucket with Object Lock', () => {
  it('are written once, signed, and listed page by page, those of one tenant (anchors/N1, anchors/N3)', async () => {
    const anchors = anchorsAs(WRITER)
    for (const sequence of [3, 20, 100]) expect(await anchors.write(anchorOf(sequence))).toBe(true)
    expect(await anchors.write(anchorOf(5, 'acme-two'))).toBe(true)
    expect(await anchors.write({ ...anchorOf(20), hash: 'other' })).toBe(false)
    const first = await anchors.list('acme', { from: 1, limit: 2 })
    expect(first.anchors.map(({ anchor }) => anchor)).toEqual([anchorOf(3), anchorOf(20)])
    expect(first.next).toBe(100)
    const rest = await anchors.list('acme', { from: 100, limit: 2 })
    expect(rest).toEqual({ anchors: [expect.objectContaining({ anchor: anchorOf(100) })] })
    expect(await anchors.list('acme', { from: 101, limit: 2 })).toEqual({ anchors: [] })
    const keys = [await anchors.publicKey()]
    const all = [...first.anchors, ...rest.anchors]
    expect(endsOfAnchors(all, { tenant: 'acme', keys, verify: isSigned })).toMatchObject({
      ends: [{ sequence: 3 }, { sequence: 20 }, { sequence: 100 }],
    })
    expect(signedText(anchorOf(3))).toContain('"sequence":3')
  })

  it('are named as signed by nobody where something else lies in their place (anchors/N1)', async () => {
    const Key = anchorKey({ tenant: 'acme', sequence: 200 })
    await own.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{"no":"anchor"}' }))
    const anchors = anchorsAs(READER)
    const { anchors: found } = await anchors.list('acme', { from: 150, limit: 5 })
    const keys = [await anchors.publicKey()]
    expect(endsOfAnchors(found, { tenant: 'acme', keys, verify: isSigned })).toEqual({
      fault: { sequence: 200, anchor: Key, what: 'it is signed by a key that is not trusted' },
    })
  })

  it('are not written by who may only read them', async () => {
    await expect(anchorsAs(READER).write(anchorOf(300))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    })
  })

  it('are kept for as long as the bucket says, then they can be deleted', async () => {
    const Key = anchorKey(anchorOf(3))
    const remove = new DeleteObjectCommand({ Bucket: BUCKET, Key })
    await expect(own.send(remove)).rejects.toMatchObject({ name: 'AccessDenied' })
    vi.useFakeTimers({ now: Date.now() + 31 * 86_400_000, toFake: ['Date'] })
    try {
      await own.send(remove)
    } finally {
      vi.useRealTimers()
    }
    const { Versions = [] } = await own.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: Key }))
    expect(Versions).toEqual([])
  })
})

describe('a key that signs', () => {
  it('is a file of its owner alone, and the same one after a restart', async () => {
    const [file = ''] = readdirSync(join(folder, 'kms'))
    if (process.platform !== 'win32') expect(statSync(join(folder, 'kms', file)).mode & 0o777).toBe(0o600)
    const again = new KmsService(join(folder, 'kms'))
    await again.createKey('data-anchorkey')
    expect(again.publicKey('data-anchorkey')).toBe(kms.publicKey('data-anchorkey'))
  })

  it.each([
    [{ SigningAlgorithm: 'RSASSA_PSS_SHA_256' }, 'InvalidKeyUsageException'],
    [{ MessageType: 'DIGEST' }, 'ValidationException'],
    [{ Message: Buffer.alloc(4_097).toString('base64') }, 'ValidationException'],
    [{ KeyId: 'none' }, 'NotFoundException'],
  ])('refuses %j with %s', async (more, name) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
    const body = {
      KeyId: KEY,
      Message: 'eA==',
      MessageType: 'RAW',
      SigningAlgorithm: 'ECDSA_SHA_256',
      ...more,
    }
    await expect(signedCall({ service: 'kms', target: 'TrentService.Sign', body })).rejects.toMatchObject({
      name,
    })
  })
})
