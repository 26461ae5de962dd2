import { structuredPatch } from 'diff'
import { isJsonObject } from '../../shared/domain/json.ts'
import { style } from './output.ts'
import { visibleJson } from './visible.ts'

/** Longer comparisons are given up: the texts have nothing in common that a person would find. */
const MOST_MILLISECONDS = 2_000
const CONTEXT = 3

/** The lines of a unified diff of two values as JSON, members sorted by name; a long text has a line for each of its own. */
export function jsonDiff(a: unknown, b: unknown): string[] {
  const [before, after] = [linesOf(a), linesOf(b)]
  const patch = structuredPatch('a', 'b', before, after, '', '', {
    context: CONTEXT,
    timeout: MOST_MILLISECONDS,
  })
  if (!patch) return [`too different to compare: ${sizeOf(before)} and ${sizeOf(after)}`]
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    style('cyan', `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`),
    ...lines.filter((line) => !line.startsWith('\\')).map(coloured),
  ])
}

const sizeOf = (text: string): string => `${text.split('\n').length} lines`

const coloured = (line: string): string =>
  line.startsWith('-') ? style('red', line) : line.startsWith('+') ? style('green', line) : line

/** Broken after each line break in a text: as JSON it would be one line, and its change as long as the text. */
function linesOf(value: unknown): string {
  const json = visibleJson(JSON.stringify(value, sorted, 2))
  return `${json
    .split('\n')
    .map((line) => {
      const [indent = ''] = /^ */.exec(line) ?? []
      return line.replaceAll(/\\(.)/g, (escaped, character: string) =>
        character === 'n' ? `\\n\n${indent}  ` : escaped,
      )
    })
    .join('\n')}\n`
}

const sorted = (_key: string, member: unknown): unknown =>
  isJsonObject(member)
    ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    : member
