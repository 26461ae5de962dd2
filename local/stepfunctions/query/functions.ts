import { createHash } from 'node:crypto'
import jsonata from 'jsonata-asl'
import { refuseMarks } from './guard.ts'

const MAX_RANGE = 1_000_000

/** Registers the functions that Step Functions adds to JSONata, and removes `$eval`. */
export function registerFunctions(expression: jsonata.Expression): void {
  expression.assign('eval', undefined)
  const parse = (text: string): unknown => {
    const value: unknown = JSON.parse(text)
    refuseMarks(value)
    return value
  }
  expression.registerFunction('parse', parse, '<s:x>')
  expression.registerFunction('hash', (value: unknown, algorithm: string) => hash(value, algorithm), '<xs:s>')
  expression.registerFunction(
    'range',
    (from: number, to: number, step: number) => range(from, to, step),
    '<nnn:a>',
  )
  expression.registerFunction('partition', (list: unknown[], size: number) => partition(list, size), '<an:a>')
}

/** `$now`, `$millis`, `$random` and `$uuid`, from the execution's clock and random source. */
export function functionsOf({
  clock,
  random,
}: {
  clock: { now(): number }
  random: () => number
}): Readonly<Record<string, unknown>> {
  const bytes = (): string =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return {
    millis: () => clock.now(),
    now: (picture?: string, timezone?: string) => {
      if (picture === undefined) return new Date(clock.now()).toISOString()
      return FORMAT.evaluate(
        {},
        { millis: clock.now(), picture, ...(timezone === undefined ? {} : { timezone }) },
      )
    },
    random: (seed?: number) => (seed === undefined ? random() : seeded(seed)),
    uuid: () => uuidOf(`${bytes()}${bytes()}${bytes()}${bytes()}`),
  }
}

const FORMAT = jsonata('$fromMillis($millis, $picture, $timezone)')

/** A UUID of version 4 from 32 hexadecimal digits. */
export function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`]
  return [...parts, hex.slice(20, 32)].join('-')
}

function hash(value: unknown, algorithm: string): string {
  return createHash(algorithm.replace('-', '').toLowerCase())
    .update(typeof value === 'string' ? value : JSON.stringify(value))
    .digest('hex')
}

/** One number from the Mulberry32 generator, deterministic for a seed. */
function seeded(seed: number): number {
  let state = (seed + 0x6d2b79f5) | 0
  state = Math.imul(state ^ (state >>> 15), state | 1)
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61)
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32
}

function range(from: number, to: number, step: number): number[] {
  if (step === 0) throw new Error('the step of $range must not be 0')
  if ((to - from) / step > MAX_RANGE) throw new Error(`$range gives at most ${MAX_RANGE} numbers`)
  return Array.from(
    { length: Math.max(0, Math.floor((to - from) / step) + 1) },
    (_, index) => from + index * step,
  )
}

function partition(list: unknown[], size: number): unknown[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}
