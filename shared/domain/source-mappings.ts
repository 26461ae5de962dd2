/**
 * The mappings of a source map (ECMA-426): for each line of the generated text, segments in base64 VLQ, each relative to the one before.
 * Libraries and Node.js make an object of every segment, hundreds of thousands for one bundle; here a text is read once, and nothing kept.
 */

/** All zero-based. `source` is -1 for a part of the generated text that comes from no source. */
export type Visit = (
  line: number,
  column: number,
  source: number,
  sourceLine: number,
  sourceColumn: number,
) => void

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const DIGITS = new Int8Array(128).fill(-1)
for (let digit = 0; digit < BASE64.length; digit++) DIGITS[BASE64.charCodeAt(digit)] = digit

/** Visits the segments in order. Throws for a text that is none. */
export function readMappings(mappings: string, visit: Visit): void {
  let at = 0
  const number = (): number => {
    for (let value = 0, shift = 0; ; shift += 5) {
      const digit = DIGITS[mappings.charCodeAt(at)] ?? -1
      if (digit === -1) throw new Error(`no mapping of a source map: character ${at} is no digit`)
      at += 1
      value |= (digit & 31) << shift
      if ((digit & 32) === 0) return value & 1 ? -(value >>> 1) : value >>> 1
    }
  }
  const isEnd = (): boolean => at >= mappings.length || mappings[at] === ',' || mappings[at] === ';'
  let [line, column, source, sourceLine, sourceColumn] = [0, 0, 0, 0, 0]
  while (at < mappings.length) {
    const character = mappings[at]
    if (character === ',' || character === ';') {
      at += 1
      if (character === ';') {
        line += 1
        column = 0
      }
      continue
    }
    column += number()
    if (isEnd()) {
      visit(line, column, -1, 0, 0)
      continue
    }
    source += number()
    sourceLine += number()
    sourceColumn += number()
    // The index of a name.
    if (!isEnd()) number()
    visit(line, column, source, sourceLine, sourceColumn)
  }
}

/** Writes segments that come in order; `text` is what `readMappings` reads. */
export function writeMappings(): { add: Visit; text(): string } {
  const parts: string[] = []
  const last = { line: 0, column: 0, source: 0, sourceLine: 0, sourceColumn: 0 }
  let isFirst = true
  return {
    add(line, column, source, sourceLine, sourceColumn) {
      for (; last.line < line; last.line++) {
        parts.push(';')
        last.column = 0
        isFirst = true
      }
      if (!isFirst) parts.push(',')
      isFirst = false
      parts.push(vlq(column - last.column))
      last.column = column
      if (source === -1) return
      const { source: from, sourceLine: fromLine, sourceColumn: fromColumn } = last
      parts.push(vlq(source - from), vlq(sourceLine - fromLine), vlq(sourceColumn - fromColumn))
      Object.assign(last, { source, sourceLine, sourceColumn })
    },
    text: () => parts.join(''),
  }
}

function vlq(value: number): string {
  let text = ''
  for (let left = value < 0 ? (-value << 1) | 1 : value << 1; ; ) {
    const digit = left & 31
    left >>>= 5
    text += BASE64[left > 0 ? digit | 32 : digit]
    if (left === 0) return text
  }
}
