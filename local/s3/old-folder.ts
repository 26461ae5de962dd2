import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, readFile, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'

/**
 * A bucket in the former layout: a path made of the key, each segment percent-encoded, with a marker at its end. Segments
 * that were too long were truncated and got a digest: such a key cannot be restored from its path, but its path can be computed.
 */
export class OldFolder {
  readonly #root: string
  #exists: boolean

  constructor(root: string) {
    this.#root = root
    this.#exists = existsSync(root)
  }

  /** Every object with a key that can be read from its path. */
  async *readable(): AsyncGenerator<{ key: string; body: Buffer }> {
    if (!this.#exists) return
    for await (const path of glob('**/*@', { cwd: this.#root })) {
      const key = keyOf(path)
      if (key !== undefined) yield { key, body: await readFile(join(this.#root, path)) }
    }
  }

  async read(key: string): Promise<Buffer | undefined> {
    return this.#exists ? readFile(this.#pathOf(key)).catch(() => undefined) : undefined
  }

  /** Called when the object was migrated, replaced or removed. */
  async forget(key: string): Promise<void> {
    if (this.#exists) await rm(this.#pathOf(key), { force: true })
  }

  async removeIfEmpty(): Promise<void> {
    if (!this.#exists) return
    for await (const _path of glob('**/*@', { cwd: this.#root })) return
    await rm(this.#root, { recursive: true, force: true })
    this.#exists = false
  }

  #pathOf(key: string): string {
    return `${join(this.#root, ...key.split('/').map(encoded).map(shortened))}@`
  }
}

const MOST_LETTERS = 200
const CUT = /^.{100}-[0-9a-f]{64}$/

const encoded = (segment: string): string =>
  encodeURIComponent(segment.toWellFormed()).replaceAll('.', '%2E').replaceAll('*', '%2A')

function shortened(segment: string): string {
  if (segment.length <= MOST_LETTERS) return segment
  return `${segment.slice(0, 100)}-${createHash('sha256').update(segment).digest('hex')}`
}

function keyOf(path: string): string | undefined {
  const segments = path.slice(0, -1).split(sep)
  if (segments.some((segment) => CUT.test(segment))) return undefined
  try {
    return segments.map(decodeURIComponent).join('/')
  } catch {
    return undefined
  }
}
