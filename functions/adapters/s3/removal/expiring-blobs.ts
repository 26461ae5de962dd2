import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  HeadObjectCommand,
  type _Object as Listed,
  ListObjectsV2Command,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { EXPIRY_TAG } from '../../../../shared/contracts/table-layout.ts'
import { callAws, unlessAws } from '../../aws-errors.ts'
import type { ExpiringBlobs } from '../../dynamodb/tasks/task-expiry.ts'

const DAY = 86_400_000
const AT_ONCE = 20
const MISSING = ['NoSuchKey', 'NotFound']
const { key: Key, value: Value } = EXPIRY_TAG

/**
 * Tags objects, and the bucket's lifecycle rule deletes tagged ones. The rule counts from an object's creation, so an
 * old object is copied onto itself.
 */
export function s3ExpiringBlobs({
  client,
  bucket,
  now,
}: {
  client: S3Client
  bucket: string
  now: () => Date
}): ExpiringBlobs {
  async function forAll(prefix: string, work: (object: Listed) => Promise<unknown>): Promise<void> {
    let token: string | undefined
    do {
      const list = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token ? { ContinuationToken: token } : {}),
      })
      const { Contents = [], NextContinuationToken } = await callAws(() => client.send(list))
      for (let at = 0; at < Contents.length; at += AT_ONCE)
        await Promise.all(Contents.slice(at, at + AT_ONCE).map(work))
      token = NextContinuationToken
    } while (token)
  }

  return {
    mark: (prefix) =>
      forAll(prefix, async ({ Key: object = '', LastModified }) => {
        const isOld = LastModified !== undefined && now().getTime() - LastModified.getTime() > DAY
        const of = { Bucket: bucket, Key: object }
        if (!isOld) {
          const tag = new PutObjectTaggingCommand({ ...of, Tagging: { TagSet: [{ Key, Value }] } })
          return unlessAws(MISSING, () => client.send(tag))
        }
        // A copy onto itself must replace the metadata, and has no type but the one that it is given.
        const head = await unlessAws(MISSING, () => client.send(new HeadObjectCommand(of)))
        const copy = new CopyObjectCommand({
          ...of,
          // A key may have any letters; a header has only ASCII.
          CopySource: `${bucket}/${object.split('/').map(encodeURIComponent).join('/')}`,
          MetadataDirective: 'REPLACE',
          ContentType: head?.ContentType ?? 'application/octet-stream',
          TaggingDirective: 'REPLACE',
          Tagging: `${Key}=${Value}`,
        })
        return unlessAws(MISSING, () => client.send(copy))
      }),

    unmark: (prefix) =>
      forAll(prefix, ({ Key: object = '' }) => {
        const untag = new DeleteObjectTaggingCommand({ Bucket: bucket, Key: object })
        return unlessAws(MISSING, () => client.send(untag))
      }),
  }
}
