import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { AwsResponse } from '../aws/requests.ts'

/** Up to this a message is cheaper than a request by socket, and holds little memory. */
const MOST_BYTES = 1024 * 1024

/** An answer that fits a message: without a body where it is a large stream, which the sandbox asks the port for. */
export async function answerByMessage({
  status,
  headers,
  body,
}: AwsResponse): Promise<{ status: number; headers: Record<string, string>; body?: Buffer | string }> {
  if (!(body instanceof Readable)) return { status, headers, body }
  if (Number(headers['content-length']) <= MOST_BYTES) return { status, headers, body: await buffer(body) }
  body.destroy()
  return { status, headers }
}
