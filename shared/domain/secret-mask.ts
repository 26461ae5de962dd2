/**
 * Replaces the values of secrets in texts by `[secret NAME]`.
 *
 * Invariants (tests cite them):
 * secret-mask/S1 a masked text has no value in it that was learnt: neither as it is, nor escaped for JSON or HTML, percent-encoded as URLs and
 *    forms are, in hexadecimal, or in base64 and base64url at any offset
 * secret-mask/S2 of a value that was cut in two, at an end of a text or of a line, the part that is at least half of it is masked too
 * secret-mask/S3 a text without a value, or half of one, stays as it is; so does any value without such a text and without circles, which is the same object then
 * secret-mask/S4 a value with less than LEAST_SECRET characters is not learnt: it would mask words. Members of a
 *    secret that is JSON are learnt from 6 characters on where they are numbers, or texts that are no words
 * secret-mask/S5 masking ends and throws nothing, whatever is masked: circular objects, getters that throw
 */
import { type Half, halvesOf, partsOfSecret, patternOf } from './secret-forms.ts'

/** The fewest characters of a secret. */
export const LEAST_SECRET = 8
/** The newest values of a name: after a rotation, work that had begun may still have the one before. */
const MOST_VALUES = 3
const MOST_DEPTH = 20

export type SecretMask = {
  /** Masks this value from now on. */
  learn(name: string, value: string): void
  /** Whether nothing was learnt. */
  isEmpty(): boolean
  /** The text without values of secrets. */
  text(text: string): string
  /** The same value, all texts in it masked, names of members too. Errors become errors of the same name; what has a `toJSON` becomes what that returns. */
  value<T>(value: T): T
  /** The name of the first secret whose value is in the text; undefined where there is none. */
  find(text: string): string | undefined
}

type Known = { name: string; value: string }

export function secretMask(): SecretMask {
  let known: Known[] = []
  let names: string[] = []
  let all: RegExp | undefined
  let halves: (Half & { name: string })[] = []

  const compile = (): void => {
    const parts = known
      .flatMap(({ name, value }) => partsOfSecret(value, LEAST_SECRET).map((part) => ({ name, part })))
      // The longer one first, which may have the other in it.
      .sort((one, other) => other.part.length - one.part.length)
    names = parts.map(({ name }) => name)
    all = new RegExp(parts.map(({ part }) => `(${patternOf(part)})`).join('|'), 'g')
    halves = parts.flatMap(({ name, part }) => halvesOf(part).map((half) => ({ ...half, name })))
  }
  const nameOf = (groups: readonly unknown[]): string =>
    names[groups.findIndex((group) => group !== undefined)] ?? 'unknown'

  const text = (given: string): string => {
    if (!all) return given
    const whole = given.replace(
      all,
      (_found: string, ...more: unknown[]) => `[secret ${nameOf(more.slice(0, names.length))}]`,
    )
    return halves.reduce(withoutHalves, whole)
  }
  return {
    learn(name, value) {
      if (value.length < LEAST_SECRET) return
      if (known.some((one) => one.name === name && one.value === value)) return
      const others = known.filter((one) => one.name !== name)
      const own = known.filter((one) => one.name === name).slice(1 - MOST_VALUES)
      known = [...others, ...own, { name, value }]
      compile()
    },
    isEmpty: () => all === undefined,
    text,
    value: <T>(value: T): T => (all ? (maskDeep(value, text, new Map(), 0) as T) : value),
    find(given) {
      if (!all) return undefined
      all.lastIndex = 0
      const found = all.exec(given)
      return found ? nameOf(found.slice(1)) : undefined
    },
  }
}

/** Where texts end: lines, and what `boundedText` has left out. */
const CUT = /(\n| \.\.\. \[\d+ characters left out\] \.\.\. )/

/** secret-mask/S2 */
function withoutHalves(text: string, { name, head, tail, isHead, isTail }: Half & { name: string }): string {
  if (!text.includes(head) && !text.includes(tail)) return text
  return text
    .split(CUT)
    .map((line, at) => {
      if (at % 2 === 1) return line
      const end = isHead(line)
      const left = end === 0 ? line : `${line.slice(0, -end)}[part of secret ${name}]`
      const start = isTail(left)
      return start === 0 ? left : `[part of secret ${name}]${left.slice(start)}`
    })
    .join('')
}

type MaskText = (text: string) => string

/** secret-mask/S3, S5 */
function maskDeep(value: unknown, text: MaskText, seen: Map<object, unknown>, depth: number): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number' || typeof value === 'bigint') {
    const written = String(value)
    const masked = text(written)
    return masked === written ? value : masked
  }
  if (typeof value !== 'object' || value === null) return value
  if (seen.has(value)) return seen.get(value)
  // Until it is known what becomes of it.
  seen.set(value, '[circular]')
  try {
    const masked = depth > MOST_DEPTH ? text(JSON.stringify(value)) : maskObject(value, text, seen, depth)
    seen.set(value, masked)
    return masked
  } catch {
    return '[cannot be shown]'
  }
}

function maskObject(value: object, text: MaskText, seen: Map<object, unknown>, depth: number): unknown {
  const inner = (member: unknown): unknown => maskDeep(member, text, seen, depth + 1)
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    const decoded = new TextDecoder().decode(new Uint8Array(buffer, byteOffset, byteLength))
    return text(decoded) === decoded ? value : text(decoded)
  }
  if (value instanceof Error) return maskError(value, text, inner)
  if ('toJSON' in value && typeof value.toJSON === 'function') return inner(value.toJSON())
  if (Array.isArray(value)) {
    const members = value.map(inner)
    return members.every((member, at) => Object.is(member, value[at])) ? value : members
  }
  if (value instanceof Map || value instanceof Set) {
    const members = [...value]
    return members.every((member) => Object.is(inner(member), member)) ? value : inner(members)
  }
  const members = Object.entries(value)
  const masked = members.map(([key, member]) => [text(key), inner(member)] as const)
  return masked.every(([key, member], at) => key === members[at]?.[0] && Object.is(member, members[at]?.[1]))
    ? value
    : Object.fromEntries(masked)
}

function maskError(error: Error, text: MaskText, inner: (member: unknown) => unknown): Error {
  const { name, message, stack, cause, ...more } = error
  const masked = { message: text(message), stack: stack && text(stack), cause: inner(cause) }
  const members = inner({ ...more }) as object
  const isSame =
    masked.message === message &&
    masked.stack === stack &&
    Object.is(masked.cause, cause) &&
    Object.entries(members).every(([key, member]) => Object.is(Reflect.get(more, key), member))
  if (isSame && text(name) === name) return error
  const copy = new Error(masked.message, cause === undefined ? {} : { cause: masked.cause })
  Object.defineProperty(copy, 'stack', { value: masked.stack, configurable: true, writable: true })
  return Object.assign(copy, { name: text(name) }, members)
}
