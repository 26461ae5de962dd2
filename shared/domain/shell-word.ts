/** A word as a shell takes it: quoted where it would mean something to the shell. */
export const shellWord = (word: string): string =>
  /^[\w=.:/@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
