/**
 * The approximate number of characters of a value as JSON, counted up to `most`. Shared parts count each time they occur, because JSON
 * repeats them. `indent`: spaces before each member, by level, for indented JSON.
 */
export function sizeOfJson(value: unknown, most: number, indent = 0): number {
  let size = 0
  const waiting: unknown[] = [value]
  const levels: number[] = [0]
  while (waiting.length > 0 && size <= most) {
    const next = waiting.pop()
    const level = (levels.pop() ?? 0) + 1
    size += (typeof next === 'string' ? next.length + 2 : 4) + indent * (level - 1)
    if (typeof next !== 'object' || next === null) continue
    const before = waiting.length
    if (Array.isArray(next)) {
      for (const member of next) waiting.push(member)
    } else if (!('_jsonata_lambda' in next)) {
      for (const key of Object.keys(next)) {
        size += key.length + 4
        waiting.push((next as Record<string, unknown>)[key])
      }
    }
    for (let count = before; count < waiting.length; count += 1) levels.push(level)
  }
  return size
}
