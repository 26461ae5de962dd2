import type { Report, Sample } from './soak.ts'

/** The warm-up, in which processes start, code is compiled and caches fill. */
const SETTLED_SECONDS = 120
/** The allowed growth of memory from the first third to the last, which is above the variation of garbage collection. */
const MOST_GROWTH = 1.15
/** Default log rotation keeps at most two full files of ten megabytes for a function while the third fills. */
const MOST_LOGS_MB_PER_FUNCTION = 30

/** The problems of a soak test as lines; empty if there are none. */
export function judge({ samples, refused, notSucceeded, functions }: Report): string[] {
  const problems: string[] = []
  if (refused > 0) problems.push(`${refused} tasks were refused`)
  if (notSucceeded > 0) problems.push(`${notSucceeded} tasks did not succeed`)
  const settled = samples.filter(({ seconds }) => seconds > SETTLED_SECONDS)
  const third = Math.floor(settled.length / 3)
  if (third === 0)
    problems.push('it was too short: memory is judged by three samples after the second minute')
  else {
    for (const memory of ['mainMb', 'allMb'] as const) {
      const [first, last] = [
        medianOf(settled.slice(0, third), memory),
        medianOf(settled.slice(-third), memory),
      ]
      if (last > first * MOST_GROWTH)
        problems.push(`${memory} grew from ${Math.round(first)} to ${Math.round(last)} after it had settled`)
    }
  }
  const logs = Math.max(...samples.map(({ logsMb }) => logsMb))
  const most = functions * MOST_LOGS_MB_PER_FUNCTION
  if (logs > most) problems.push(`the logs took ${Math.round(logs)} MB; at most ${most} MB are to be kept`)
  return problems
}

function medianOf(samples: readonly Sample[], field: 'mainMb' | 'allMb'): number {
  const values = samples.map((sample) => sample[field]).sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? 0
}
