/** Identity that needs chance or hashing, which pure code has not. */
export type Ids = {
  /** `<prefix>_` and 26 characters of a-z and 0-9 that sort by time. */
  makeId(prefix: string): string
  /** SHA-256 of the text, in hexadecimal. */
  digest(text: string): string
}
