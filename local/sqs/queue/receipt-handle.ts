import { AwsError } from '../../aws/errors.ts'
import type { Message } from './store.ts'

/** Names the queue, the message and the receipt; receivers take it for an opaque text. */
export const handleOf = (queue: string, { sequence, receipt }: Message): string =>
  Buffer.from(JSON.stringify([queue, sequence, receipt])).toString('base64')

/** Throws ReceiptHandleIsInvalid for what is no handle of this queue. */
export function readHandle(queue: string, handle: string): { sequence: number; receipt: string } {
  try {
    const [name, sequence, receipt] = JSON.parse(Buffer.from(handle, 'base64').toString()) as unknown[]
    if (name === queue && typeof sequence === 'number' && typeof receipt === 'string')
      return { sequence, receipt }
  } catch {
    // Told below.
  }
  const shown = handle.slice(0, 100)
  throw new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${shown}" is not a valid receipt handle.`,
  )
}
