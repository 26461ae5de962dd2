/**
 * About as many characters as a value has as JSON, counted no further than `most`: parts that are shared count each time they are
 * reached, for so they are written.
 */
export function sizeOfJson(value: unknown, most: number): number {
  let size = 0
  const waiting: unknown[] = [value]
  while (waiting.length > 0 && size <= most) {
    const next = waiting.pop()
    size += typeof next === 'string' ? next.length + 2 : 4
    if (typeof next !== 'object' || next === null) continue
    if (Array.isArray(next)) {
      for (const member of next) waiting.push(member)
    } else if (!('_jsonata_lambda' in next)) {
      for (const key of Object.keys(next)) {
        size += key.length + 4
        waiting.push((next as Record<string, unknown>)[key])
      }
    }
  }
  return size
}
