import type { AwsResponse } from '../aws/requests.ts'
import { element, encoderOf, escapeXml, limitOf } from './list-objects.ts'
import type { Entry } from './object-index.ts'
import type { ObjectStore } from './object-store.ts'

/** The version of an object: its file, which is never written again. */
export const versionOf = ({ file }: Entry): string => file

/** ListObjectVersions of a bucket with Object Lock, whose objects have one version each. */
export function listVersions(store: ObjectStore, bucket: string, query: URLSearchParams): AwsResponse {
  const prefix = query.get('prefix') ?? ''
  const marker = query.get('key-marker') ?? ''
  const limit = limitOf(query.get('max-keys'))
  const encode = encoderOf(query.get('encoding-type'))
  const from = marker === '' ? Buffer.alloc(0) : Buffer.from(`${marker}\0`)
  const found = store.page(bucket, { prefix: Buffer.from(prefix), from, limit: limit + 1 })
  const entries = found.slice(0, limit)
  const last = found.length > limit ? entries.at(-1) : undefined
  const elements = [
    element('Name', escapeXml(bucket)),
    element('Prefix', encode(prefix)),
    element('KeyMarker', encode(marker)),
    element('MaxKeys', String(limit)),
    element('IsTruncated', String(last !== undefined)),
    ...(last
      ? [element('NextKeyMarker', encode(last.key)), element('NextVersionIdMarker', versionOf(last))]
      : []),
    ...entries.map((entry) => element('Version', contentsOf(entry, encode))),
  ]
  const body = `<?xml version="1.0" encoding="UTF-8"?>${element('ListVersionsResult', elements.join(''))}`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

function contentsOf(entry: Entry, encode: (text: string) => string): string {
  const { key, size, etag, modifiedAt } = entry
  return [
    element('Key', encode(key)),
    element('VersionId', versionOf(entry)),
    element('IsLatest', 'true'),
    element('LastModified', new Date(modifiedAt).toISOString()),
    element('ETag', escapeXml(etag)),
    element('Size', String(size)),
    element('StorageClass', 'STANDARD'),
  ].join('')
}
