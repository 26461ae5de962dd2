import { AwsError } from '../aws/errors.ts'
import type { AwsResponse } from '../aws/requests.ts'
import { afterPrefix, type Entry } from './object-index.ts'
import type { ObjectStore } from './object-store.ts'

const PAGE = 1_000

type Listing = { entries: Entry[]; folders: string[]; next?: Buffer }

/** ListObjectsV2. A page continues after the last key of the one before, even if objects come and go in between. */
export function listObjects(store: ObjectStore, bucket: string, query: URLSearchParams): AwsResponse {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const limit = limitOf(query.get('max-keys'))
  const from = beginningOf(query)
  const { entries, folders, next } = pageOf(store, bucket, { prefix, delimiter, limit, from })
  const encode = encoderOf(query.get('encoding-type'))
  const elements = [
    element('Name', escapeXml(bucket)),
    element('Prefix', encode(prefix)),
    ...(delimiter ? [element('Delimiter', encode(delimiter))] : []),
    ...(query.has('encoding-type') ? [element('EncodingType', 'url')] : []),
    element('MaxKeys', String(limit)),
    element('KeyCount', String(entries.length + folders.length)),
    element('IsTruncated', String(next !== undefined)),
    ...(next ? [element('NextContinuationToken', next.toString('base64url'))] : []),
    ...entries.map((entry) => element('Contents', contentsOf(entry, encode))),
    ...folders.map((folder) => element('CommonPrefixes', element('Prefix', encode(folder)))),
  ]
  const body = `<?xml version="1.0" encoding="UTF-8"?>${element('ListBucketResult', elements.join(''))}`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

type Wanted = { prefix: string; delimiter: string; limit: number; from: Buffer }

/** Keys with the same text up to the first delimiter after the prefix are listed once, as a common prefix. */
function pageOf(store: ObjectStore, bucket: string, { prefix, delimiter, limit, from }: Wanted): Listing {
  const [entries, folders]: [Entry[], string[]] = [[], []]
  const left = (): number => limit - entries.length - folders.length
  if (limit === 0) return { entries, folders }
  for (let at: Buffer | undefined = from; at; ) {
    const found = store.page(bucket, { prefix: Buffer.from(prefix), from: at, limit: left() + 1 })
    at = undefined
    for (const entry of found) {
      if (left() === 0) return { entries, folders, next: Buffer.from(entry.key) }
      const folder = folderOf(entry.key, prefix, delimiter)
      if (folder === undefined) {
        entries.push(entry)
        continue
      }
      folders.push(folder)
      at = afterPrefix(Buffer.from(folder))
      break
    }
  }
  return { entries, folders }
}

function folderOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

export function limitOf(text: string | null): number {
  if (text === null) return PAGE
  if (!/^\d{1,10}$/.test(text))
    throw new AwsError('InvalidArgument', `Provided max-keys not an integer or within integer range: ${text}`)
  return Math.min(PAGE, Number(text))
}

/** A continuation token is the key of the next page's first object; `start-after` is a key before it. */
function beginningOf(query: URLSearchParams): Buffer {
  const token = query.get('continuation-token')
  if (token !== null) return Buffer.from(token, 'base64url')
  const after = query.get('start-after')
  return after === null ? Buffer.alloc(0) : Buffer.from(`${after}\0`)
}

export function encoderOf(type: string | null): (text: string) => string {
  if (type === null) return escapeXml
  if (type === 'url') return (text) => encodeURIComponent(text).replaceAll('%2F', '/')
  throw new AwsError('InvalidArgument', `Invalid Encoding Method specified in Request: ${type}`)
}

function contentsOf({ key, size, etag, modifiedAt }: Entry, encode: (text: string) => string): string {
  return [
    element('Key', encode(key)),
    element('LastModified', new Date(modifiedAt).toISOString()),
    element('ETag', escapeXml(etag)),
    element('Size', String(size)),
    element('StorageClass', 'STANDARD'),
  ].join('')
}

export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`

/** Control characters become references: an XML parser would normalize a line break inside a key. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\p{Cc}\u2028\uFFFE\uFFFF]/gu, (letter) => `&#${letter.codePointAt(0)};`)
}
