import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import {
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { CliError } from '../cli-error.ts'

const STATE = '.export.json'
export const MANIFEST = 'manifest.json'
/** No key of a file begins so. */
const APART = 'apart'

/** Where a file stands that cannot stand under its path. */
export const apartOf = (path: string): string =>
  `${APART}/~${createHash('sha256').update(path).digest('hex')}`

const StateSchema = z.object({
  format: z.literal(1),
  tenant: z.string(),
  begunAt: z.string(),
  /** Which part is being written. */
  part: z.number().int(),
  cursor: z.string().optional(),
  /** How long each file of lines was when the part came to the cursor: what follows is written again. */
  lengths: z.record(z.string(), z.number().int()),
  counts: z.record(z.string(), z.number().int()),
})
type State = z.output<typeof StateSchema>

/**
 * The folder of an export: files of JSON lines, and files.
 *
 * export/F1 a run that ends at any instant is gone on with by the next, and the outcome is as if it had not ended: what was written after the last state is
 *    cut off first
 * export/F2 no more than a page of lines is in memory
 * export/F3 nothing is written, cut off or read outside of the folder, whatever the files are called and whatever lies in it
 * export/F4 files of all names that the service takes are kept, also one that is called as the folder of another
 */
export class ExportFolder {
  readonly #root: string
  #state: State

  private constructor(root: string, state: State) {
    this.#root = root
    this.#state = state
  }

  /** Throws CliError for a folder that holds something else, a link to elsewhere, or the export of another tenant. */
  static async open(root: string, tenant: string): Promise<ExportFolder> {
    // What is in it is its owner's alone.
    await mkdir(root, { recursive: true, mode: 0o700 })
    const text = await readFile(join(root, STATE), 'utf8').catch(() => undefined)
    if (text === undefined) {
      await requireEmpty(root)
      const state = {
        format: 1,
        tenant,
        begunAt: new Date().toISOString(),
        part: 0,
        lengths: {},
        counts: {},
      } as const
      const folder = new ExportFolder(root, state)
      await folder.#save()
      return folder
    }
    const state = parseState(root, text)
    if (state.tenant !== tenant)
      throw new CliError(
        `${root} has an export of the tenant "${state.tenant}": choose another folder by --out`,
      )
    const folder = new ExportFolder(root, state)
    await folder.#cutOff()
    return folder
  }

  get state(): Readonly<State> {
    return this.#state
  }

  /** Adds lines to a file, which count from the next state on. */
  async append(name: string, lines: readonly unknown[]): Promise<void> {
    const path = join(this.#root, `${name}.jsonl`)
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const file = await open(path, 'a')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    const { lengths, counts } = this.#state
    const length = (lengths[name] ?? 0) + Buffer.byteLength(text)
    this.#state = {
      ...this.#state,
      lengths: { ...lengths, [name]: length },
      counts: { ...counts, [name]: (counts[name] ?? 0) + lines.length },
    }
  }

  /** Keeps a download, once: a file that is there with its length is whole. Answers its path, which is another one where this is taken (export/F4). Throws CliError. */
  async keepFile(path: string, download: { url: string; bytes: number }): Promise<string> {
    if (await this.#keepAt(path, download)) return path
    const apart = apartOf(path)
    if (await this.#keepAt(apart, download)) return apart
    throw new CliError(`${apart} is no file: choose another folder by --out`)
  }

  /** False where there is a folder, or a file in the place of one that it would stand in. */
  async #keepAt(path: string, { url, bytes }: { url: string; bytes: number }): Promise<boolean> {
    const at = join(this.#root, path)
    const there = await lstat(at).catch(() => undefined)
    if (there?.isFile() && there.size === bytes) return true
    if (there && !there.isFile()) return false
    if (!(await makeFolder(dirname(at)))) return false
    const response = await fetch(url).catch((error: Error) => error)
    if (response instanceof Error || !response.ok || !response.body)
      throw new CliError(
        `${path} cannot be downloaded: ${response instanceof Error ? response.message : response.status}; the next call goes on here`,
      )
    const partial = `${at}.part`
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(partial))
    await rename(partial, at)
    return true
  }

  /** Everything until here is written, and the part goes on at the cursor; without one, the next part. */
  async reached(cursor: string | undefined): Promise<void> {
    const { cursor: _before, part, ...rest } = this.#state
    this.#state = { ...rest, ...(cursor === undefined ? { part: part + 1 } : { part, cursor }) }
    await this.#save()
  }

  /** Writes what is there with its length and SHA-256, and ends the export. */
  async close(more: object): Promise<void> {
    const { tenant, begunAt, counts } = this.#state
    const path = join(this.#root, MANIFEST)
    const file = await open(`${path}.part`, 'w')
    try {
      const head = JSON.stringify({
        format: 1,
        tenant,
        begunAt,
        endedAt: new Date().toISOString(),
        counts,
        ...more,
      })
      await file.write(`${head.slice(0, -1)},"files":[`)
      let isFirst = true
      for await (const name of filesIn(this.#root)) {
        if ([STATE, MANIFEST, `${MANIFEST}.part`].includes(name)) continue
        const { size } = await stat(join(this.#root, name))
        const entry = { path: name, bytes: size, sha256: await digestOf(join(this.#root, name)) }
        await file.write(`${isFirst ? '' : ','}\n${JSON.stringify(entry)}`)
        isFirst = false
      }
      await file.write('\n]}\n')
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.part`, path)
    await rm(join(this.#root, STATE))
  }

  async #save(): Promise<void> {
    const path = join(this.#root, STATE)
    await writeFile(`${path}.part`, JSON.stringify(this.#state))
    await rename(`${path}.part`, path)
  }

  /** export/F1 */
  async #cutOff(): Promise<void> {
    for await (const name of filesIn(this.#root)) {
      if (name.endsWith('.part')) await rm(join(this.#root, name))
      else if (!name.includes('/') && name.endsWith('.jsonl'))
        await truncate(join(this.#root, name), this.#state.lengths[name.slice(0, -'.jsonl'.length)] ?? 0)
    }
  }
}

/** False where a file is in the place of it, or of one that it stands in. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { recursive: true })
    return true
  } catch (error) {
    if (['EEXIST', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return false
    throw error
  }
}

async function requireEmpty(root: string): Promise<void> {
  // A first state that was not whole is of a run that ended before it had written anything (export/F1).
  const names = (await readdir(root)).filter((name) => name !== `${STATE}.part`)
  const [first] = names
  if (first === undefined) return
  const what = names.includes(MANIFEST) ? 'an export that is whole' : `"${first}", which is no export`
  throw new CliError(`${root} has ${what}: choose another folder by --out`)
}

function parseState(root: string, text: string): State {
  try {
    return StateSchema.parse(JSON.parse(text))
  } catch {
    throw new CliError(
      `${join(root, STATE)} is not as an export of this release writes it: choose another folder by --out`,
    )
  }
}

/** The paths of all files, with forward slashes. Throws CliError for a link: what it leads to is none of the export (export/F3). */
async function* filesIn(root: string, inside = ''): AsyncGenerator<string> {
  for await (const entry of await opendir(join(root, inside))) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`
    if (entry.isDirectory()) yield* filesIn(root, path)
    else if (entry.isFile()) yield path
    else
      throw new CliError(`${join(root, path)} is no file of an export: remove it, or choose another folder`)
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
