import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AwsError } from '../aws/errors.ts'
import type { ObjectStore } from './object-store.ts'

const LEAST_PART_BYTES = 5 * 1024 * 1024
const MOST_PARTS = 10_000
/** As the bucket's lifecycle rule removes them. */
const STALE_MILLISECONDS = 86_400_000

export type GivenPart = { number: number; etag: string }
type StoredPart = GivenPart & { bytes: number; path: string }
type Begun = { bucket: string; key: string; contentType?: string | undefined }

/**
 * Multipart uploads: each part is a file `<number>-<md5>-<bytes>` in the folder of its upload until the upload is completed.
 *
 * uploads/U1 The object appears as a whole when the upload is completed, and not before; an aborted upload leaves nothing.
 * uploads/U2 An upload that is neither completed nor aborted is removed at a later start, a day after it began.
 * uploads/U3 Requests of one upload may overlap, as those of a client that repeats one: one that comes after the end of the upload gets
 *    NoSuchUpload, and a part that two requests send is the one of either.
 */
export class Uploads {
  readonly #store: ObjectStore

  constructor(store: ObjectStore) {
    this.#store = store
  }

  async begin(begun: Begun): Promise<string> {
    const id = randomUUID()
    await mkdir(this.#folderOf(id), { recursive: true })
    await writeFile(join(this.#folderOf(id), BEGUN), JSON.stringify(begun))
    return id
  }

  /** Returns the etag. A part that is sent again replaces the one before. */
  async putPart(id: string, place: Begun, number: number, body: Buffer): Promise<string> {
    await this.#find(id, place)
    if (!(Number.isInteger(number) && number >= 1 && number <= MOST_PARTS)) {
      const message = `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`
      throw new AwsError('InvalidArgument', message)
    }
    const md5 = createHash('md5').update(body).digest('hex')
    const written = join(this.#folderOf(id), `writing-${randomUUID()}`)
    await this.#whileThere(id, async () => {
      await writeFile(written, body)
      // Another request may replace the same part, and have removed it already (uploads/U3).
      for (const other of await this.#partsOf(id))
        if (other.number === number) await rm(other.path, { force: true })
      await rename(written, join(this.#folderOf(id), `${number}-${md5}-${body.length}`))
    })
    return `"${md5}"`
  }

  /** Returns the etag of the object. Throws InvalidPartOrder, InvalidPart and EntityTooSmall as S3 does. */
  async complete(id: string, place: Begun, given: readonly GivenPart[]): Promise<string> {
    const { contentType } = await this.#find(id, place)
    return this.#whileThere(id, async () => {
      const parts = orderedParts(given, await this.#partsOf(id))
      const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
      const etag = `"${createHash('md5').update(digests).digest('hex')}-${parts.length}"`
      await this.#store.putStream(place.bucket, place.key, contentOf(parts), { etag, contentType })
      await this.#remove(id)
      return etag
    })
  }

  async abort(id: string, place: Begun): Promise<void> {
    await this.#find(id, place)
    await this.#remove(id)
  }

  /** uploads/U2. */
  async sweep(now = Date.now()): Promise<void> {
    for (const id of await readdir(this.#store.uploads).catch(() => [])) {
      const { mtimeMs } = await stat(join(this.#folderOf(id), BEGUN)).catch(() => ({ mtimeMs: 0 }))
      if (now - mtimeMs > STALE_MILLISECONDS) await this.#remove(id)
    }
  }

  /** Throws NoSuchUpload, also for the upload of another object. */
  async #find(id: string, { bucket, key }: Begun): Promise<Begun> {
    const text = UUID.test(id) ? await readFile(join(this.#folderOf(id), BEGUN), 'utf8').catch(() => '') : ''
    const begun = text === '' ? undefined : (JSON.parse(text) as Begun)
    if (begun && begun.bucket === bucket && begun.key === key) return begun
    throw noSuchUpload()
  }

  /** The files of an upload vanish under a request when another one ends the upload (uploads/U3). */
  async #whileThere<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const isGone = await stat(join(this.#folderOf(id), BEGUN)).then(
        () => false,
        () => true,
      )
      throw isGone && (error as NodeJS.ErrnoException).code === 'ENOENT' ? noSuchUpload() : error
    }
  }

  async #partsOf(id: string): Promise<StoredPart[]> {
    const names = await readdir(this.#folderOf(id))
    return names.flatMap((name) => {
      const [, number, etag = '', bytes] = PART.exec(name) ?? []
      const path = join(this.#folderOf(id), name)
      return number === undefined ? [] : [{ number: Number(number), etag, bytes: Number(bytes), path }]
    })
  }

  async #remove(id: string): Promise<void> {
    // First what tells the others that it has ended (uploads/U3).
    await rm(join(this.#folderOf(id), BEGUN), { force: true })
    // A part that is being written makes a folder that is to be empty by now not empty: that is tried again.
    await rm(this.#folderOf(id), { recursive: true, force: true, maxRetries: 5 })
  }

  #folderOf(id: string): string {
    return join(this.#store.uploads, id)
  }
}

const BEGUN = 'upload.json'

const noSuchUpload = (): AwsError => {
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.'
  return new AwsError('NoSuchUpload', message, 404)
}

const PART = /^(\d+)-([0-9a-f]{32})-(\d+)$/
const UUID = /^[0-9a-f-]{36}$/

function orderedParts(given: readonly GivenPart[], stored: readonly StoredPart[]): StoredPart[] {
  if (given.length === 0)
    throw new AwsError('MalformedXML', 'You must specify at least one part to complete an upload.')
  if (given.some(({ number }, at) => at > 0 && number <= (given[at - 1]?.number ?? 0)))
    throw new AwsError('InvalidPartOrder', 'The list of parts was not in ascending order.')
  return given.map(({ number, etag }, at) => {
    const part = stored.find((one) => one.number === number && one.etag === etag.replaceAll('"', ''))
    if (!part)
      throw new AwsError('InvalidPart', `Part ${number} could not be found, or has another entity tag.`)
    if (part.bytes < LEAST_PART_BYTES && at < given.length - 1) {
      const message = `Your proposed upload is smaller than the minimum allowed size: part ${number} has ${part.bytes} bytes`
      throw new AwsError('EntityTooSmall', message)
    }
    return part
  })
}

async function* contentOf(parts: readonly StoredPart[]): AsyncGenerator<Uint8Array> {
  for (const { path } of parts) yield* createReadStream(path) as AsyncIterable<Buffer>
}
