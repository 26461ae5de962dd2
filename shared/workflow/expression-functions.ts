/**
 * The functions of expressions: JSONata's own but `$eval`, and those that Step Functions adds to JSONata, so that a workflow's
 * author finds the same functions in both places.
 */
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** JSONata's own, https://docs.jsonata.org/overview. */
export const JSONATA_FUNCTIONS: readonly string[] = (
  'abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent ' +
  'distinct each encodeUrl encodeUrlComponent error exists filter floor formatBase formatInteger formatNumber fromMillis ' +
  'join keys length lookup lowercase map match max merge millis min not now number pad parseInteger power random reduce ' +
  'replace reverse round shuffle sift single sort split spread sqrt string substring substringAfter substringBefore sum ' +
  'toMillis trim type uppercase zip'
).split(' ')

/** The most members of a list, and characters of a text, that an expression may create. */
export const MAX_LIST = 1_000_000
export const MAX_TEXT = 4_000_000

type Added = { signature: string; implementation: (...args: never[]) => unknown }

/** https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html; `draw` gives 16 random bytes as hexadecimal text. */
export const addedFunctions = (draw: () => string): Readonly<Record<string, Added>> => ({
  parse: { signature: '<s:x>', implementation: parse },
  hash: { signature: '<xs?:s>', implementation: hash },
  range: { signature: '<nnn:a>', implementation: range },
  partition: { signature: '<an:a>', implementation: partition },
  uuid: { signature: '<:s>', implementation: () => uuidOf(draw()) },
  random: {
    signature: '<n?:n>',
    implementation: (seed?: number) => (seed === undefined ? fractionOf(draw()) : seeded(seed)),
  },
})

export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...JSONATA_FUNCTIONS,
  ...Object.keys(addedFunctions(() => '')),
])

function parse(text: string): unknown {
  try {
    return parseData(text)
  } catch (error) {
    throw new Error(`$parse: the text is no JSON: ${(error as Error).message}`)
  }
}

/** Parses JSON, refusing data with JSONata's internal markers, which would be taken for a function. */
export function parseData(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // A name may be written with JSON escapes.
  if (text.includes('_jsonata_') || text.includes('\\u')) refuseMarks(value)
  return value
}

function refuseMarks(value: unknown): void {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    const mark = ['_jsonata_lambda', '_jsonata_function'].find((name) => Object.hasOwn(next, name))
    if (mark) throw new Error(`data has no member "${mark}"`)
    for (const member of Object.values(next)) waiting.push(member)
  }
}

const ALGORITHMS = new Map([
  ['MD5', md5],
  ['SHA-1', sha1],
  ['SHA-256', sha256],
  ['SHA-384', sha384],
  ['SHA-512', sha512],
])

/** The hash of a text, or of the JSON of any other value; `SHA-256` by default. */
export function hash(value: unknown, algorithm = 'SHA-256'): string {
  const digest = ALGORITHMS.get(algorithm.toUpperCase())
  if (!digest) {
    throw new Error(`$hash knows ${[...ALGORITHMS.keys()].join(', ')}, and no "${algorithm.slice(0, 40)}"`)
  }
  return bytesToHex(digest(bytesOf(typeof value === 'string' ? value : JSON.stringify(value))))
}

/** UTF-8 encoding; a bare V8 context has no TextEncoder. */
function bytesOf(text: string): Uint8Array {
  const encoded = encodeURIComponent(text.toWellFormed())
  const bytes: number[] = []
  for (let at = 0; at < encoded.length; at += 1) {
    const isEscaped = encoded[at] === '%'
    bytes.push(isEscaped ? Number.parseInt(encoded.slice(at + 1, at + 3), 16) : encoded.charCodeAt(at))
    if (isEscaped) at += 2
  }
  return Uint8Array.from(bytes)
}

/** A range of numbers including both ends. */
function range(from: number, to: number, step: number): number[] {
  if (step === 0) throw new Error('the step of $range must not be 0')
  const length = Math.max(0, Math.floor((to - from) / step) + 1)
  if (length > MAX_LIST) throw new Error(`$range gives at most ${MAX_LIST} numbers, not ${length}`)
  return Array.from({ length }, (_, index) => from + index * step)
}

function partition(list: readonly unknown[], size: number): unknown[][] {
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`$partition wants a size of 1 or more, not ${size}`)
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}

/** A version 4 UUID (RFC 9562) from 32 hexadecimal digits. */
function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`]
  return [...parts, hex.slice(20, 32)].join('-')
}

const fractionOf = (hex: string): number => Number.parseInt(hex.slice(0, 12), 16) / 2 ** 48

/** Mulberry32: the same seed gives the same number. */
function seeded(seed: number): number {
  let state = (seed + 0x6d2b79f5) | 0
  state = Math.imul(state ^ (state >>> 15), state | 1)
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61)
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32
}
