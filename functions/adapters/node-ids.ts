import { createHash, randomBytes } from 'node:crypto'
import type { Clock, Ids } from '../../shared/ports/index.ts'

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/** Sortable ids: 10 characters of time (milliseconds) and 16 random ones; `bytes` is the source of randomness. */
export function nodeIds(clock: Clock, bytes: (size: number) => Uint8Array = randomBytes): Ids {
  return {
    makeId: (prefix) => `${prefix}_${timePart(clock.now().getTime())}${chancePart(bytes(16))}`,
    makeSecret: () => Buffer.from(bytes(32)).toString('base64url'),
    digest: (text) => createHash('sha256').update(text).digest('hex'),
  }
}

function timePart(milliseconds: number): string {
  let text = ''
  for (let rest = milliseconds; text.length < 10; rest = Math.floor(rest / 32))
    text = ALPHABET[rest % 32] + text
  return text
}

function chancePart(bytes: Uint8Array): string {
  return [...bytes].map((byte) => ALPHABET[byte % 32]).join('')
}

export const systemClock: Clock = { now: () => new Date() }
