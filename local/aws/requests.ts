export type AwsRequest = {
  method: string
  url: URL
  /** Path and query as they were sent; a URL resolves dot segments. */
  path: string
  headers: Readonly<Record<string, string>>
  body: Buffer
  /** Whose credentials signed it; undefined for an anonymous request. */
  accessKeyId: string | undefined
}

export type AwsResponse = { status: number; headers: Record<string, string>; body: Buffer | string }
