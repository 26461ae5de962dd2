/**
 * Texts of agents, models, files and users as people may see them.
 *
 * Invariants (tests cite them):
 * visible/I1 nothing in a shown text moves the cursor, changes the direction of text, or is invisible, but for blanks, tabs and line breaks
 * visible/I2 what people write is unchanged: every script with its joiners, emoji, variants of ideographs
 * visible/I3 JSON stays the same value
 */

/** Characters of which one is worth a closer look; most texts have none. */
const SUSPECT = /[^\P{C}\t\n]|[\p{Default_Ignorable_Code_Point}\u2028\u2029]/u

/** Scripts whose words have joiners in them. */
const JOINED = [
  ...['Arabic', 'Syriac', 'Mongolian', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil'],
  ...['Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar', 'Tibetan'],
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')

/** What is written with invisible characters: emoji (flags, families, variants), words of some scripts, one variant of an ideograph. */
const WRITTEN = [
  '\\p{RGI_Emoji}',
  '\\p{Emoji}[\\uFE0E\\uFE0F]\\u20E3?',
  `(?<=[${JOINED}])[\\u200C\\u200D](?=[${JOINED}])`,
  '(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]',
  '\\p{Script=Han}[\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}]',
].join('|')

/**
 * Control characters, surrogates without a partner, marks of direction, and what has no shape: zero-width characters, tags, fillers. Line breaks and tabs
 * are none of it.
 */
const HIDDEN =
  '[[\\p{Cc}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069\\uFFF9-\\uFFFB]--[\\t\\n]]'

const EITHER = new RegExp(`(${WRITTEN})|${HIDDEN}`, 'gv')

function withHidden(text: string, shown: (character: string) => string): string {
  if (!SUSPECT.test(text)) return text
  return text.replaceAll(EITHER, (found: string, written: string | undefined) => written ?? shown(found))
}

/** A text as a terminal may show it: escape sequences and invisible characters are seen, and do nothing (visible/I1, I2). */
export const visible = (text: string): string =>
  withHidden(text.replaceAll('\r\n', '\n'), (character) => {
    const code = character.codePointAt(0) ?? 0
    // Control pictures: U+241B shows ESC.
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    if (code === 0x7f) return '\u2421'
    return code > 0xffff ? `\\u{${code.toString(16)}}` : escaped(code)
  })

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`

/** A text of JSON with the same characters as escapes of JSON, also tabs (visible/I3). */
export const visibleJson = (json: string): string =>
  withHidden(json, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  )

/** The codes of the styles that `style` sets, and no others: none hides text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STYLES = /(\u001b\[(?:[12]|22|3[1236]|39)m)/

/** What the command line prints, with its own styles. */
export const visibleStyled = (text: string): string =>
  text
    .split(STYLES)
    .map((part, at) => (at % 2 === 1 ? part : visible(part)))
    .join('')

/** Where a text has one line only, as in a table: its line breaks are seen. */
export const inOneLine = (text: string): string => visible(text).replaceAll('\n', '␊')

/** A text of several lines, those after the first indented, so that they are told from what comes next. */
export const hanging = (text: string, by = 2): string => visible(text).replaceAll('\n', `\n${' '.repeat(by)}`)
