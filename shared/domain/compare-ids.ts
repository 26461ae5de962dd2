/**
 * The order of ids as people count: s2 before s10. Ids that differ only in leading zeros (s2, s02) go by their text, so that the order is
 * total.
 */
export function compareIds(a: string, b: string): number {
  let at = 0
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === a.length && at === b.length) return 0
  let start = at
  while (start > 0 && isDigit(a, start - 1)) start--
  return compareNumbers(a, b, start) || (a < b ? -1 : 1)
}

/** Compares the numbers that begin at `start`; 0 where there is none in one of them. */
function compareNumbers(a: string, b: string, start: number): number {
  if (!isDigit(a, start) || !isDigit(b, start)) return 0
  const [firstA, firstB] = [significant(a, start), significant(b, start)]
  const [endA, endB] = [endOfDigits(a, firstA), endOfDigits(b, firstB)]
  if (endA - firstA !== endB - firstB) return endA - firstA - (endB - firstB)
  for (let i = 0; firstA + i < endA; i++) {
    const difference = a.charCodeAt(firstA + i) - b.charCodeAt(firstB + i)
    if (difference !== 0) return difference
  }
  return 0
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** Where a number begins once its leading zeros are left out. */
function significant(text: string, start: number): number {
  let at = start
  while (text.charCodeAt(at) === 48 && isDigit(text, at + 1)) at++
  return at
}

function endOfDigits(text: string, start: number): number {
  let at = start
  while (isDigit(text, at)) at++
  return at
}
