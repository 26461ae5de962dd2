import type { Readable } from 'node:stream'

export type AwsRequest = {
  method: string
  url: URL
  /** Path and query exactly as sent; the URL class would resolve dot segments. */
  path: string
  headers: Readonly<Record<string, string>>
  body: Buffer
  /** The access key id of the signature; undefined for an anonymous request. */
  accessKeyId: string | undefined
}

/** A content that may be large is a stream, of as many bytes as its `content-length` says. */
export type AwsResponse = {
  status: number
  headers: Record<string, string>
  body: Buffer | string | Readable
}
