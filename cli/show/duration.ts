/** A duration for people with its two largest units: `850 ms`, `22.8 s`, `11 min 59 s`, `3 h 20 min`, `2 d 5 h`. */
export const duration = (milliseconds: number | undefined): string =>
  partsOf(milliseconds)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')

/** At most eight characters, up to 99 days, so that no column wraps it: `22.8 s`, `11m 59s`, `3h 20m`, `2d 5h`. */
export const shortDuration = (milliseconds: number | undefined): string => {
  const parts = partsOf(milliseconds)
  return parts.length < 2
    ? duration(milliseconds)
    : parts.map(([value, unit]) => `${value}${unit.charAt(0)}`).join(' ')
}

type Part = readonly [value: number | string, unit: string]

/** Rounded before it is split, so that no part reaches the next larger unit. */
function partsOf(milliseconds: number | undefined): Part[] {
  if (milliseconds === undefined) return []
  if (Math.round(milliseconds) < 1_000) return [[Math.round(milliseconds), 'ms']]
  const tenths = Math.round(milliseconds / 100)
  if (tenths < 600) return [[(tenths / 10).toFixed(1), 's']]
  const seconds = Math.round(milliseconds / 1_000)
  if (seconds < 3_600) return pairOf(seconds, [60, 'min'], 's')
  const minutes = Math.round(milliseconds / 60_000)
  return minutes < 1_440
    ? pairOf(minutes, [60, 'h'], 'min')
    : pairOf(Math.round(milliseconds / 3_600_000), [24, 'd'], 'h')
}

const pairOf = (total: number, [size, larger]: [number, string], smaller: string): Part[] => [
  [Math.floor(total / size), larger],
  [total % size, smaller],
]
