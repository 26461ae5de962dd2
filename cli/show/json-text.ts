import { lineWidth, wrapLine } from './layout.ts'
import { style } from './output.ts'
import { print } from './terminal.ts'
import { visibleJson } from './visible.ts'

/** Lines of a value that a terminal shows. */
const MOST_LINES = 30

/** JSON for people: without what a terminal would obey or reorder, which JSON leaves as it is. */
export function jsonText(value: unknown): string {
  return visibleJson(JSON.stringify(value, null, 2))
}

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
      print(style('dim', `  ... and more; all of it: ${whole}`))
      return
    }
    print(line)
    printed += 1
  }
}
