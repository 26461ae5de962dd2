/** Between the message of a process that has ended and what it has written last, indented. */
const MARK = '; its last lines:\n'

export const MOST_LAST_CHARACTERS = 1_000

/** The message of a process that has ended, with its last lines: as many whole ones as have room. */
export function withLastWords(message: string, lines: readonly string[]): string {
  const kept: string[] = []
  let room = MOST_LAST_CHARACTERS
  for (const line of lines.toReversed()) {
    room -= line.length + 1
    if (room < 0 && kept.length > 0) break
    kept.unshift(`  ${line.slice(0, MOST_LAST_CHARACTERS)}`)
  }
  return kept.length === 0 ? message : `${message}${MARK}${kept.join('\n')}`
}

/** The message without the last lines, for where they stand elsewhere. */
export const withoutLastWords = (message: string): string => message.split(MARK)[0] ?? ''
