import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import {
  anchorKey,
  anchorsOf,
  SIGNING_ALGORITHM,
  type SignedAnchor,
  SignedAnchorSchema,
  signedText,
} from '../../../shared/domain/audit-anchor.ts'
import type { Anchors } from '../../../shared/ports/anchors.ts'
import { callAws, unlessAws } from '../aws-errors.ts'
import type { Signer } from './kms-signer.ts'

type Settings = { client: S3Client; bucket: string; signer: Signer }
type Version = { key: string; versionId: string | undefined }

/** How many anchors are read at a time. */
const AT_ONCE = 16

/**
 * An object for each anchor, in a bucket whose lock lets nobody change or delete a version. What counts is the first version of each: one that was put
 * over it, or a mark of deletion, changes nothing.
 */
export function s3Anchors({ client, bucket, signer }: Settings): Anchors {
  return {
    async write(anchor) {
      const [signature, publicKey] = await Promise.all([signer.sign(signedText(anchor)), signer.publicKey()])
      const signed: SignedAnchor = {
        anchor: { ...anchor },
        algorithm: SIGNING_ALGORITHM,
        publicKey,
        signature,
      }
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: anchorKey(anchor),
        Body: JSON.stringify(signed),
        ContentType: 'application/json',
        IfNoneMatch: '*',
      })
      const TAKEN = ['PreconditionFailed', 'ConditionalRequestConflict']
      return unlessAws(TAKEN, async () => client.send(put).then(() => true)).then(Boolean)
    },

    async list(tenant, { from, limit }) {
      const versions = await firstVersions(tenant, from, limit + 1)
      const next = versions[limit]
      const anchors: SignedAnchor[] = []
      for (let at = 0; at < Math.min(limit, versions.length); at += AT_ONCE) {
        const some = versions.slice(at, Math.min(limit, at + AT_ONCE))
        anchors.push(...(await Promise.all(some.map((version) => read(tenant, version)))))
      }
      return { anchors, ...(next ? { next: sequenceIn(next.key) } : {}) }
    },

    publicKey: () => signer.publicKey(),
  }

  /** The first version of each of the next keys, at least `most` of them if there are so many. */
  async function firstVersions(tenant: string, from: number, most: number): Promise<Version[]> {
    const first = new Map<string, Version>()
    let KeyMarker: string | undefined = anchorKey({ tenant, sequence: from - 1 })
    let VersionIdMarker: string | undefined
    for (let isTruncated = true; isTruncated && first.size <= most; ) {
      const search: ListObjectVersionsCommand = new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: anchorsOf(tenant),
        MaxKeys: most + 1,
        KeyMarker,
        VersionIdMarker,
      })
      const page: ListObjectVersionsCommandOutput = await callAws(() => client.send(search))
      // The newest version of a key comes first.
      for (const { Key = '', VersionId } of page.Versions ?? [])
        first.set(Key, { key: Key, versionId: VersionId })
      isTruncated = page.IsTruncated === true
      ;[KeyMarker, VersionIdMarker] = [page.NextKeyMarker, page.NextVersionIdMarker]
    }
    return [...first.values()].slice(0, most)
  }

  async function read(tenant: string, { key, versionId }: Version): Promise<SignedAnchor> {
    const get = new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId })
    const { Body } = await callAws(() => client.send(get))
    return anchorIn((await Body?.transformToString()) ?? '') ?? unsigned(tenant, key)

    function anchorIn(text: string): SignedAnchor | undefined {
      try {
        const signed = SignedAnchorSchema.parse(JSON.parse(text))
        return anchorKey(signed.anchor) === key ? signed : undefined
      } catch {
        return undefined
      }
    }
  }
}

const sequenceIn = (key: string): number => Number(/(\d+)\.json$/.exec(key)?.[1] ?? 0)

/** What lies in the place of an anchor and is none is given as one that nobody has signed, so that a check names it. */
const unsigned = (tenant: string, key: string): SignedAnchor => ({
  anchor: { tenant, sequence: Math.max(1, sequenceIn(key)), hash: '', at: '' },
  algorithm: SIGNING_ALGORITHM,
  publicKey: '',
  signature: '',
})
