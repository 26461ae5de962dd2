import { DatabaseSync } from 'node:sqlite'
import type { Tags } from './removal/lifecycle.ts'

export type Entry = {
  key: string
  /** The name of the file with its content. */
  file: string
  size: number
  etag: string
  contentType: string
  /** Milliseconds since 1970. */
  modifiedAt: number
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, key BLOB NOT NULL, file TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, etag TEXT NOT NULL,
  contentType TEXT NOT NULL, modifiedAt INTEGER NOT NULL, tags TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
`
const BUSY_MILLISECONDS = 5_000

/**
 * Maps keys to files. Keys are stored as their UTF-8 bytes, which is the order of S3 listings: neither SQLite's text order nor
 * JavaScript's string comparison agrees with it for all of Unicode.
 */
export class ObjectIndex {
  readonly #database: DatabaseSync
  readonly #statement

  /** `:memory:` keeps it in memory. A write-ahead log: an acknowledged write survives the end of the process at any instant. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS })
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    this.#database.exec(SCHEMA)
    this.#addTags()
    this.#statement = {
      find: this.#database.prepare('SELECT * FROM objects WHERE bucket = ? AND key = ?'),
      put: this.#database.prepare(
        `INSERT INTO objects (bucket, key, file, size, etag, contentType, modifiedAt, tags) VALUES (?, ?, ?, ?, ?, ?, ?, '{}')
         ON CONFLICT DO UPDATE SET file = excluded.file, size = excluded.size, etag = excluded.etag,
         contentType = excluded.contentType, modifiedAt = excluded.modifiedAt, tags = excluded.tags`,
      ),
      tag: this.#database.prepare('UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?'),
      tagsOf: this.#database.prepare('SELECT tags FROM objects WHERE bucket = ? AND key = ?'),
      remove: this.#database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ?'),
      page: this.#database.prepare(
        'SELECT * FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
      ),
      pageToEnd: this.#database.prepare(
        'SELECT * FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?',
      ),
      files: this.#database.prepare('SELECT file FROM objects'),
    }
  }

  find(bucket: string, key: string): Entry | undefined {
    const row = this.#statement.find.get(bucket, Buffer.from(key))
    return row && entryOf(row)
  }

  /** Atomic: readers see either the former entry or this one. Returns the file that is no longer referenced. */
  put(bucket: string, { key, file, size, etag, contentType, modifiedAt }: Entry): string | undefined {
    const before = this.find(bucket, key)?.file
    this.#statement.put.run(bucket, Buffer.from(key), file, size, etag, contentType, modifiedAt)
    return before
  }

  setTags(bucket: string, key: string, tags: Tags): void {
    this.#statement.tag.run(JSON.stringify(tags), bucket, Buffer.from(key))
  }

  tagsOf(bucket: string, key: string): Tags {
    const row = this.#statement.tagsOf.get(bucket, Buffer.from(key))
    return JSON.parse(String(row?.tags ?? '{}')) as Tags
  }

  /** An index of an earlier release has no tags. */
  #addTags(): void {
    const columns = this.#database.prepare('PRAGMA table_info(objects)').all()
    if (columns.some(({ name }) => name === 'tags')) return
    this.#database.exec("ALTER TABLE objects ADD COLUMN tags TEXT NOT NULL DEFAULT '{}'")
  }

  /** Returns the file that is no longer referenced. */
  remove(bucket: string, key: string): string | undefined {
    const before = this.find(bucket, key)?.file
    this.#statement.remove.run(bucket, Buffer.from(key))
    return before
  }

  /** At most `limit` entries whose keys begin with `prefix`, in byte order, starting with `from` (inclusive). */
  page(bucket: string, { prefix, from, limit }: { prefix: Buffer; from: Buffer; limit: number }): Entry[] {
    const first = Buffer.compare(from, prefix) > 0 ? from : prefix
    const end = afterPrefix(prefix)
    const rows = end
      ? this.#statement.page.all(bucket, first, end, limit)
      : this.#statement.pageToEnd.all(bucket, first, limit)
    return rows.map(entryOf)
  }

  files(): Set<string> {
    return new Set(this.#statement.files.all().map(({ file }) => String(file)))
  }

  close(): void {
    this.#database.close()
  }
}

function entryOf(row: Record<string, unknown>): Entry {
  const { key, ...rest } = row as Omit<Entry, 'key'> & { key: Uint8Array; bucket: string }
  const { file, size, etag, contentType, modifiedAt } = rest
  return { key: Buffer.from(key).toString(), file, size, etag, contentType, modifiedAt }
}

/** The least byte string after all that begin with `prefix`; undefined if there is none. */
export function afterPrefix(prefix: Buffer): Buffer | undefined {
  const last = prefix.findLastIndex((byte) => byte < 0xff)
  if (last < 0) return undefined
  const after = Buffer.from(prefix.subarray(0, last + 1))
  after[last] = (prefix[last] ?? 0) + 1
  return after
}
