/** Ids and digests, which need randomness and hashing that pure code does not have. */
export type Ids = {
  /** `<prefix>_` and 26 characters of a-z and 0-9 that sort by time. */
  makeId(prefix: string): string
  /** SHA-256 of the text, in hexadecimal. */
  digest(text: string): string
}
