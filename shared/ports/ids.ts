/** Ids and digests, which need randomness and hashing that pure code does not have. */
export type Ids = {
  /** `<prefix>_` and 26 characters of a-z and 0-9 that sort by time. */
  makeId(prefix: string): string
  /** 256 random bits as 43 characters of A-Z, a-z, 0-9, `-` and `_`. */
  makeSecret(): string
  /** SHA-256 of the text, in hexadecimal. */
  digest(text: string): string
}
