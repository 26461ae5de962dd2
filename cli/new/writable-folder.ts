/** Files of new repositories, such as a licence: a folder that contains only these is treated as empty. */
const HARMLESS =
  /^(\..+|(license|licence|copying|notice|readme|changelog|contributing|code_of_conduct|security|authors|codeowners)(\.\w+)?|.+\.iml|thumbs\.db)$/i

/** The names in a folder that prevent a new project in it. */
export const namesInTheWay = (names: readonly string[]): string[] =>
  names.filter((name) => !HARMLESS.test(name)).sort()

/** The existing file that a new file would replace: one of the same name, or any README for a README. */
export function fileInPlaceOf(path: string, names: readonly string[]): string | undefined {
  const stem = (name: string): string => (/^readme(\.\w+)?$/i.test(name) ? 'readme' : name)
  return names.find((name) => stem(name) === stem(path))
}

/** The lines of a new text that the old one does not contain, without comments. */
export function linesMissing(text: string, old: string): string[] {
  const known = new Set(old.split('\n').map(bare))
  return text
    .split('\n')
    .filter((line) => bare(line) !== '' && !line.startsWith('#') && !known.has(bare(line)))
}

/** A .gitignore line without leading and trailing slashes, which hardly change its meaning. */
const bare = (line: string): string => line.trim().replace(/^\/|\/$/g, '')
