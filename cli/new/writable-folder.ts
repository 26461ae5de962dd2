/** Files that say nothing of the way a project is built: clones and generators of repositories begin with them. */
const HARMLESS =
  /^(\..+|(license|licence|copying|notice|readme|changelog|contributing|code_of_conduct|security|authors|codeowners)(\.\w+)?|.+\.iml|thumbs\.db)$/i

/** The names in a folder that keep a project from being made there. */
export const namesInTheWay = (names: readonly string[]): string[] =>
  names.filter((name) => !HARMLESS.test(name)).sort()

/** The file in a folder in whose place a new file would be: the same one, or for a README one of another form. */
export function fileInPlaceOf(path: string, names: readonly string[]): string | undefined {
  const stem = (name: string): string => (/^readme(\.\w+)?$/i.test(name) ? 'readme' : name)
  return names.find((name) => stem(name) === stem(path))
}

/** The lines of a new text that an old one lacks, without comments. */
export function linesMissing(text: string, old: string): string[] {
  const known = new Set(old.split('\n').map(bare))
  return text
    .split('\n')
    .filter((line) => bare(line) !== '' && !line.startsWith('#') && !known.has(bare(line)))
}

/** A line of a .gitignore without the slashes that change little. */
const bare = (line: string): string => line.trim().replace(/^\/|\/$/g, '')
