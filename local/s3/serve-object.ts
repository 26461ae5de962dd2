import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { Entry } from './object-index.ts'
import type { ObjectStore } from './object-store.ts'

type Place = { bucket: string; key: string }
type Range = { start: number; end: number }

/** Headers of an answer that a signed link may set. */
const OVERRIDES = {
  'response-content-type': 'content-type',
  'response-content-disposition': 'content-disposition',
  'response-cache-control': 'cache-control',
} as const

/** Answers GET and HEAD of an object. The content is a stream: an object may be larger than memory. */
export async function serveObject(
  store: ObjectStore,
  { bucket, key }: Place,
  { method, headers, url }: AwsRequest,
): Promise<AwsResponse> {
  if (method === 'HEAD') {
    const entry = await store.find(bucket, key)
    if (entry) return { status: 200, headers: headersOf(entry, url), body: '' }
    throw missing(key)
  }
  const opened = await store.open(bucket, key)
  if (!opened) throw missing(key)
  const { handle, ...entry } = opened
  try {
    const range = headers.range === undefined ? undefined : rangeIn(headers.range, entry.size)
    const given = headersOf(entry, url)
    // A stream of no bytes cannot be asked for: its end would lie before its start.
    if (entry.size === 0) {
      await handle.close()
      return { status: 200, headers: given, body: '' }
    }
    if (!range) return { status: 200, headers: given, body: handle.createReadStream() }
    const { start, end } = range
    const part = {
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${entry.size}`,
    }
    return { status: 206, headers: { ...given, ...part }, body: handle.createReadStream({ start, end }) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const missing = (key: string): AwsError =>
  new AwsError('NoSuchKey', `The specified key does not exist: ${key}`, 404)

function headersOf({ etag, contentType, size, modifiedAt }: Entry, { searchParams }: URL) {
  const overrides = Object.entries(OVERRIDES).flatMap(([name, header]) => {
    const value = searchParams.get(name)
    return value === null ? [] : [[header, value] as const]
  })
  return {
    etag,
    'content-type': contentType,
    'content-length': String(size),
    'last-modified': new Date(modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(overrides),
  }
}

/** Undefined for what is no single range of bytes, which S3 ignores. Throws InvalidRange for one that begins after the end. */
function rangeIn(text: string, size: number): Range | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? []
  if (from === '' && to === '') return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (from !== '' && to !== '' && Number(to) < start) return undefined
  if (start < size && !(from === '' && Number(to) === 0)) return { start, end }
  throw new AwsError('InvalidRange', `The requested range is not satisfiable: ${text} of ${size} bytes`, 416)
}
