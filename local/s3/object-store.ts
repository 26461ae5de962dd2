import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CorsRule } from './cross-origin.ts'
import { type Entry, ObjectIndex } from './object-index.ts'
import { ObjectLocks } from './object-lock.ts'
import { OldFolder } from './old-folder.ts'
import { expireObjects, type LifecycleRule, type Tags } from './removal/lifecycle.ts'

export type StoredObject = Entry & { body: Buffer }
/** An object that is open for reading: its content stays, although another may replace the object meanwhile. */
export type OpenObject = Entry & { handle: FileHandle }
export type PageRequest = Parameters<ObjectIndex['page']>[1]

const CONTENT = '.objects'
const UPLOADS = '.uploads'
/** Longer than writing any object takes. */
const STALE_MILLISECONDS = 3_600_000
export const DEFAULT_CONTENT_TYPE = 'binary/octet-stream'

/**
 * Objects as files. Keys are stored in an index, not encoded into paths: a file's name is random, and the index maps keys to files.
 *
 * objects/O1 Any key that S3 accepts is stored, found and listed unchanged.
 * objects/O2 Writes are atomic: a file is complete before the index refers to it, and is never written again.
 * objects/O3 A file that the index does not refer to (the process ended in between) is removed at a later start.
 * objects/O4 A folder in the former layout (paths made of keys) is migrated.
 */
export class ObjectStore {
  readonly #root: string
  readonly #temporary: boolean
  readonly #index: ObjectIndex
  readonly #buckets = new Map<string, OldFolder>()
  readonly #cors = new Map<string, readonly CorsRule[]>()
  readonly #lifecycles = new Map<string, readonly LifecycleRule[]>()
  readonly #shards = new Set<string>()
  /** Which buckets have Object Lock. */
  readonly locks = new ObjectLocks()
  readonly #swept: Promise<void>
  /** Where the parts of uploads stay until they are completed. */
  readonly uploads: string

  private constructor(root: string, temporary: boolean) {
    this.#root = root
    this.#temporary = temporary
    this.uploads = join(root, UPLOADS)
    this.#index = new ObjectIndex(temporary ? ':memory:' : join(root, '.index.sqlite'))
    this.#swept = this.#sweep().catch(() => {})
  }

  static async open(path?: string): Promise<ObjectStore> {
    const root = path ?? (await mkdtemp(join(tmpdir(), 'orchestrator-s3-')))
    await mkdir(join(root, CONTENT), { recursive: true })
    return new ObjectStore(root, path === undefined)
  }

  async createBucket(bucket: string): Promise<void> {
    const old = new OldFolder(join(this.#root, bucket))
    this.#buckets.set(bucket, old)
    for await (const { key, body } of old.readable()) await this.#adopt(bucket, key, body)
    await old.removeIfEmpty()
  }

  /** Replaces the rules by which pages of other origins may ask for its objects. */
  setCors(bucket: string, rules: readonly CorsRule[]): void {
    this.#cors.set(bucket, rules)
  }

  corsOf(bucket: string): readonly CorsRule[] {
    return this.#cors.get(bucket) ?? []
  }

  /** Replaces the rules by which its objects expire. */
  setLifecycle(bucket: string, rules: readonly LifecycleRule[]): void {
    this.#lifecycles.set(bucket, rules)
  }

  /** Removes the objects that have expired by now, in milliseconds since 1970. */
  async expire(now: number): Promise<void> {
    for (const [bucket, rules] of this.#lifecycles) await expireObjects(this, bucket, rules, now)
  }

  /** Replaces the tags of an object, by which a rule picks it. A new content has none. */
  setTags(bucket: string, key: string, tags: Tags): void {
    this.#index.setTags(bucket, key, tags)
  }

  tagsOf(bucket: string, key: string): Tags {
    return this.#index.tagsOf(bucket, key)
  }

  listBuckets(): string[] {
    return [...this.#buckets.keys()]
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket)
  }

  async close(): Promise<void> {
    await this.#swept
    this.#index.close()
    if (this.#temporary) await rm(this.#root, { recursive: true, force: true })
  }

  /** Returns the etag. */
  async put(bucket: string, key: string, body: Buffer, contentType = DEFAULT_CONTENT_TYPE): Promise<string> {
    this.locks.refuse(bucket, await this.find(bucket, key))
    await this.#remove(this.#index.put(bucket, await this.#write(key, body, contentType)))
    await this.#buckets.get(bucket)?.forget(key)
    return etagOf(body)
  }

  /** The same (`If-None-Match: *`) for a key that no object has; undefined where one has it. */
  async putNew(
    bucket: string,
    key: string,
    body: Buffer,
    contentType = DEFAULT_CONTENT_TYPE,
  ): Promise<string | undefined> {
    const entry = await this.#write(key, body, contentType)
    // Adopts one of the old folder; looked for again at once before it is put, because another one may have come meanwhile.
    await this.find(bucket, key)
    const isTaken = this.#index.find(bucket, key) !== undefined
    if (isTaken) await this.#remove(entry.file)
    else this.#index.put(bucket, entry)
    return isTaken ? undefined : entry.etag
  }

  /** The same, of a content that is never in memory as a whole; nothing is stored when it fails. */
  async putStream(
    bucket: string,
    key: string,
    content: AsyncIterable<Uint8Array>,
    { etag, contentType = DEFAULT_CONTENT_TYPE }: { etag: string; contentType?: string | undefined },
  ): Promise<void> {
    this.locks.refuse(bucket, await this.find(bucket, key))
    const file = await this.#newFile()
    try {
      await writeFile(this.#pathOf(file), content)
      const { size } = await stat(this.#pathOf(file))
      await this.#remove(
        this.#index.put(bucket, { key, file, size, etag, contentType, modifiedAt: Date.now() }),
      )
    } catch (error) {
      await this.#remove(file)
      throw error
    }
    await this.#buckets.get(bucket)?.forget(key)
  }

  async find(bucket: string, key: string): Promise<Entry | undefined> {
    const found = this.#index.find(bucket, key)
    if (found) return found
    const body = await this.#buckets.get(bucket)?.read(key)
    if (!body) return undefined
    await this.#adopt(bucket, key, body)
    return this.#index.find(bucket, key)
  }

  /** The caller closes the handle. */
  async open(bucket: string, key: string): Promise<OpenObject | undefined> {
    for (let entry = await this.find(bucket, key); entry; ) {
      const handle = await open(this.#pathOf(entry.file)).catch((error: Error) => error)
      if (!(handle instanceof Error)) return { ...entry, handle }
      // Another put may have replaced it meanwhile; the file that the index refers to must exist.
      const now = this.#index.find(bucket, key)
      if (now?.file === entry.file) throw handle
      entry = now
    }
    return undefined
  }

  async get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const opened = await this.open(bucket, key)
    if (!opened) return undefined
    const { handle, ...entry } = opened
    try {
      return { ...entry, body: await handle.readFile() }
    } finally {
      await handle.close()
    }
  }

  async remove(bucket: string, key: string): Promise<void> {
    this.locks.refuse(bucket, await this.find(bucket, key))
    await this.#remove(this.#index.remove(bucket, key))
    await this.#buckets.get(bucket)?.forget(key)
  }

  page(bucket: string, request: PageRequest): Entry[] {
    return this.#index.page(bucket, request)
  }

  async #write(key: string, body: Buffer, contentType: string): Promise<Entry> {
    const file = await this.#newFile()
    await writeFile(this.#pathOf(file), body)
    return { key, file, size: body.length, etag: etagOf(body), contentType, modifiedAt: Date.now() }
  }

  /** A name for a file, in a folder that exists. */
  async #newFile(): Promise<string> {
    const file = randomUUID()
    const shard = join(this.#root, CONTENT, file.slice(0, 2))
    if (!this.#shards.has(shard)) await mkdir(shard, { recursive: true })
    this.#shards.add(shard)
    return file
  }

  /** Keeps an object that is newer than the old folder's. */
  async #adopt(bucket: string, key: string, body: Buffer): Promise<void> {
    const entry = await this.#write(key, body, DEFAULT_CONTENT_TYPE)
    if (this.#index.find(bucket, key)) await this.#remove(entry.file)
    else this.#index.put(bucket, entry)
    await this.#buckets.get(bucket)?.forget(key)
  }

  async #remove(file: string | undefined): Promise<void> {
    if (file !== undefined) await rm(this.#pathOf(file), { force: true })
  }

  /** Skips recent files without a reference: another process may be writing them. */
  async #sweep(): Promise<void> {
    const known = this.#index.files()
    const found = await readdir(join(this.#root, CONTENT), { recursive: true, withFileTypes: true })
    for (const entry of found) {
      if (!entry.isFile() || known.has(entry.name)) continue
      const { mtimeMs } = await stat(this.#pathOf(entry.name))
      if (Date.now() - mtimeMs > STALE_MILLISECONDS) await this.#remove(entry.name)
    }
  }

  #pathOf(file: string): string {
    return join(this.#root, CONTENT, file.slice(0, 2), file)
  }
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
