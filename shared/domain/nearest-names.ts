import { compareIds } from './compare-ids.ts'

/**
 * The known names closest to a mistyped one by edit distance: all that are equally close, at most three, none too different. A domain that both
 * names have (`text.` in `text.write`) makes them no more alike.
 */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const near = [...new Set(known)]
    .map((candidate) => ({
      candidate,
      distance: distanceBetween(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ candidate, distance }) => distance <= mostBetween(name, candidate))
    .filter(({ candidate, distance }) => distance < Math.max(name.length, candidate.length))
  const least = Math.min(...near.map(({ distance }) => distance))
  return near
    .filter(({ distance }) => distance === least)
    .map(({ candidate }) => candidate)
    .sort(compareIds)
    .slice(0, 3)
}

function mostBetween(name: string, candidate: string): number {
  const domain = candidate.slice(0, candidate.lastIndexOf('.') + 1)
  const own = name.startsWith(domain) ? candidate.length - domain.length : candidate.length
  return Math.max(MOST_SLIPS, Math.ceil(own * 0.4))
}

/**
 * The known names within one or two typing errors of this one: a stricter limit than {@link nearestNames}, for names
 * that may be correct.
 */
export const slipsOf = (name: string, known: Iterable<string>): string[] =>
  nearestNames(name, known).filter((near) => distanceBetween(name, near) <= MOST_SLIPS)

const MOST_SLIPS = 2

const MOST_TOLD = 20

/** The end of a message about an unknown name: `; did you mean "x"?` or `; known: a, b, c`. `mark` is put before each name. */
export function suggestNames(name: string, known: Iterable<string>, mark = ''): string {
  const all = [...new Set(known)].sort(compareIds)
  const near = nearestNames(name, all)
  const told = all.slice(0, MOST_TOLD).map((other) => mark + other)
  const more = all.length > MOST_TOLD ? ` and ${all.length - MOST_TOLD} more` : ''
  const list = all.length === 0 ? 'there are none yet' : `known: ${told.join(', ')}${more}`
  return near.length > 0
    ? `; did you mean ${near.map((other) => `"${mark}${other}"`).join(' or ')}? (${list})`
    : `; ${list}`
}

/** Levenshtein's edit distance, row by row. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let line = 1; line <= a.length; line++) {
    const next = [line]
    for (let column = 1; column <= b.length; column++) {
      const substitute = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1)
      next.push(Math.min(substitute, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
