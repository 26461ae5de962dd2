import { createHash } from 'node:crypto'
import { glob, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'

export type StoredObject = { body: Buffer; etag: string; contentType: string }
export type Listed = { key: string; size: number; etag: string }

/** Objects as files: `<root>/<bucket>/<key>`, each key segment encoded so that any key is a safe path. */
export class ObjectStore {
  readonly #root: string
  readonly #temporary: boolean
  readonly #buckets = new Set<string>()

  private constructor(root: string, temporary: boolean) {
    this.#root = root
    this.#temporary = temporary
  }

  static async open(path?: string): Promise<ObjectStore> {
    const root = path ?? (await mkdtemp(join(tmpdir(), 'orchestrator-s3-')))
    return new ObjectStore(root, path === undefined)
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#root, bucket), { recursive: true })
    this.#buckets.add(bucket)
  }

  listBuckets(): string[] {
    return [...this.#buckets]
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket)
  }

  async close(): Promise<void> {
    if (this.#temporary) await rm(this.#root, { recursive: true, force: true })
  }

  /** Whole or not at all: written beside its place, then moved there. */
  async put(bucket: string, key: string, body: Buffer): Promise<string> {
    const path = this.#pathOf(bucket, key)
    await mkdir(dirname(path), { recursive: true })
    const draft = `${path}.${process.hrtime.bigint()}~`
    await writeFile(draft, body)
    await rename(draft, path)
    return etagOf(body)
  }

  async get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const body = await readFile(this.#pathOf(bucket, key)).catch(() => undefined)
    return body && { body, etag: etagOf(body), contentType: 'application/octet-stream' }
  }

  async remove(bucket: string, key: string): Promise<void> {
    await rm(this.#pathOf(bucket, key), { force: true })
  }

  /** In the order of the keys. */
  async list(bucket: string, prefix: string): Promise<Listed[]> {
    const root = join(this.#root, bucket)
    const listed: Listed[] = []
    for await (const path of glob('**/*@', { cwd: root })) {
      const key = path.split(sep).map(decodeURIComponent).join('/').slice(0, -1)
      if (!key.startsWith(prefix)) continue
      const { size } = await stat(join(root, path))
      listed.push({ key, size, etag: '"local"' })
    }
    return listed.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** The mark at the end tells an object `a` from the folder of an object `a/b`. */
  #pathOf(bucket: string, key: string): string {
    const segments = key
      .split('/')
      .map((segment) => encodeURIComponent(segment).replaceAll('.', '%2E').replaceAll('*', '%2A'))
    return `${join(this.#root, bucket, ...segments.map(shortened))}@`
  }
}

/** A file name has at most 255 bytes; a key's segment may have more. Such a key can be read, but not listed by name. */
function shortened(segment: string): string {
  if (segment.length <= 200) return segment
  return `${segment.slice(0, 100)}-${createHash('sha256').update(segment).digest('hex')}`
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
