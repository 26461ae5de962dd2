import fc from 'fast-check'
import { expect, it } from 'vitest'
import { duration, shortDuration } from '../../../cli/show/duration.ts'

const MOST = { ms: 1_000, s: 60, min: 60, h: 24, d: Number.POSITIVE_INFINITY }
const MILLISECONDS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
type Unit = keyof typeof MOST

const anyDuration = fc.oneof(
  fc.double({ min: 0, max: 99 * 86_400_000, noNaN: true }),
  // Near the borders, where a part would reach the next unit if it were rounded alone.
  fc
    .tuple(fc.constantFrom(1_000, 60_000, 3_600_000, 86_400_000), fc.integer({ min: 1, max: 90 }))
    .chain(([unit, count]) =>
      fc.double({ min: Math.max(0, unit * count - 1_000), max: unit * count + 1_000, noNaN: true }),
    ),
)

it.each([
  [undefined, '', ''],
  [0, '0 ms', '0 ms'],
  [999.6, '1.0 s', '1.0 s'],
  [22_840, '22.8 s', '22.8 s'],
  [59_960, '1 min 0 s', '1m 0s'],
  [719_900, '12 min 0 s', '12m 0s'],
  [3_599_900, '1 h 0 min', '1h 0m'],
  [86_399_900, '1 d 0 h', '1d 0h'],
  [2 * 86_400_000 + 5 * 3_600_000, '2 d 5 h', '2d 5h'],
])('%s ms are %j, and %j in a column', (milliseconds, long, short) => {
  expect([duration(milliseconds), shortDuration(milliseconds)]).toEqual([long, short])
})

it('no part reaches the next larger unit, and together they are near the duration', () => {
  fc.assert(
    fc.property(anyDuration, (milliseconds) => {
      const parts = [...duration(milliseconds).matchAll(/([\d.]+) ([a-z]+)/g)].map(
        ([, value, unit]) => [Number(value), unit as Unit] as const,
      )
      for (const [value, unit] of parts) expect(value).toBeLessThan(MOST[unit])
      const total = parts.reduce((sum, [value, unit]) => sum + value * MILLISECONDS[unit], 0)
      const [, smallest] = parts.at(-1) ?? [0, 'ms']
      expect(Math.abs(total - milliseconds)).toBeLessThanOrEqual(MILLISECONDS[smallest] / 2 + 0.01)
    }),
    { numRuns: 1_000 },
  )
})

it('in a column no duration takes more than eight characters', () => {
  fc.assert(
    fc.property(anyDuration, (milliseconds) => {
      expect(shortDuration(milliseconds).length).toBeLessThanOrEqual(8)
    }),
  )
})
