import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const DIGEST_CHARACTERS = 12

/** Names the code of a bundle: its file's SHA-256, shortened. Undefined where it cannot be read: it is told, and decides nothing. */
export const digestOfCode = (file: string): Promise<string | undefined> =>
  readFile(file).then(
    (code) => createHash('sha256').update(code).digest('hex').slice(0, DIGEST_CHARACTERS),
    () => undefined,
  )
