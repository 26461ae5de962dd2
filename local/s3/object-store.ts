import { createHash } from 'node:crypto'
import { glob, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type StoredObject = { body: Buffer; etag: string; contentType: string }
export type Listed = { key: string; size: number; etag: string }

/** Objects as files: `<root>/<bucket>/<key>`, each key segment encoded so that any key is a safe path. */
export class ObjectStore {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  static async open(path?: string): Promise<ObjectStore> {
    return new ObjectStore(path ?? (await mkdtemp(join(tmpdir(), 'orchestrator-s3-'))))
  }

  async createBucket(bucket: string): Promise<void> {
    await mkdir(join(this.#root, bucket), { recursive: true })
  }

  async hasBucket(bucket: string): Promise<boolean> {
    return stat(join(this.#root, bucket)).then(
      (found) => found.isDirectory(),
      () => false,
    )
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
      const key = path.split('/').map(decodeURIComponent).join('/').slice(0, -1)
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
    return `${join(this.#root, bucket, ...segments)}@`
  }
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
