/** What a terminal would obey: control characters but for line breaks and tabs, and what changes the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A text from agents or users as a terminal may show it: escape sequences are seen, and do nothing. */
export const visible = (text: string): string =>
  text.replaceAll('\r\n', '\n').replaceAll(OBEYED, (character) => {
    const code = character.charCodeAt(0)
    // Control pictures: U+241B shows ESC.
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `\\u${code.toString(16).padStart(4, '0')}`
  })

/** Where a text has one line only, as in a table: its line breaks are seen. */
export const inOneLine = (text: string): string => visible(text).replaceAll('\n', '␊')

/** A text of several lines, those after the first indented, so that they are told from what comes next. */
export const hanging = (text: string, by = 2): string => visible(text).replaceAll('\n', `\n${' '.repeat(by)}`)
