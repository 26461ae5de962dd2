import type { Report, Sample } from './soak.ts'

/** Until then processes start, code is compiled and caches fill. */
const SETTLED_SECONDS = 120
/** The last third may have so many times the memory of the first: garbage comes and goes by as much. */
const MOST_GROWTH = 1.15
/** Two of a function's three log files are full at most, and the third fills: ten megabytes each, without settings. */
const MOST_LOGS_MB_PER_FUNCTION = 30

/** What is wrong with a soak, in lines; nothing where all held. */
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
