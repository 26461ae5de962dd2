import { lineWidth, wrapLine } from './layout.ts'
import { style } from './output.ts'

/** Lines of a value that a terminal shows. */
const MOST_LINES = 30

/** JSON for people: without what a terminal would obey or reorder, which JSON leaves as it is. */
export function jsonText(value: unknown): string {
  return visible(JSON.stringify(value, null, 2))
}

/** Control characters and marks of direction as JSON escapes; line breaks stay. */
export const visible = (text: string): string =>
  text.replaceAll(
    /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/**
 * Prints lines, indented and wrapped; on a terminal the first ones only, and `whole`, which is how to see the rest. A pipe gets all of them,
 * and so does `isFull`.
 */
export function printBounded(
  lines: readonly string[],
  { whole, isFull = !process.stdout.isTTY }: { whole: string; isFull?: boolean | undefined },
): void {
  const width = lineWidth()
  const wrapped = function* () {
    for (const line of lines)
      yield* width === Number.POSITIVE_INFINITY ? [`  ${line}`] : wrapLine(`  ${line}`, width)
  }
  let printed = 0
  for (const line of wrapped()) {
    if (!isFull && printed === MOST_LINES) {
      console.log(style('dim', `  ... and more; all of it: ${whole}`))
      return
    }
    console.log(line)
    printed += 1
  }
}
