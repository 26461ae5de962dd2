import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { digest, farFilesIn, type Probe, Probes, probesIn } from './probes.ts'

/**
 * Caches bundles between syntheses: bundling is most of a synthesis, and few files change in between.
 *
 * Invariants (tests cite them):
 * bundle-cache/B1 a bundle from the cache is, byte for byte, what esbuild would write now
 * bundle-cache/B2 a bundle is not cached if one of its files changed during the build
 * bundle-cache/B3 damaged entries, and a folder that is not writable, only cost time
 */

/** The newest entries of a function that are kept: its former states, and those of other copies of the project. */
const KEPT_OF_EACH = 8

/** What was built: the entry points behind one bundle, as keys of the metafile, and when the build began (ms since the epoch). */
export type Built = { metafile: Metafile; from: readonly string[]; startedAt: number }

/** What the bundles of one build have in common: their probes, and the answers since the build. */
type AfterBuild = { probesOf: ReturnType<typeof probesIn>; now: Probes }

export class BundleCache {
  readonly #folder: string
  readonly #root: string
  readonly #probes: Probes
  readonly #builds = new WeakMap<Metafile, AfterBuild>()
  #farFiles: Set<string> | undefined = new Set()

  /** `root` is the folder to which the paths of metafiles are relative. */
  constructor(folder: string, root: string) {
    this.#folder = folder
    this.#root = root
    this.#probes = new Probes(root)
  }

  /** The files of packages, and those outside the root, in the bundles that were found or kept, as absolute paths; undefined where they cannot be told for sure. */
  get farFiles(): string[] | undefined {
    return this.#farFiles && [...this.#farFiles]
  }

  /** The bundle of a function, if nothing has changed that it was made from; `how` is all else that decides about it. */
  async find(name: string, how: string): Promise<Buffer | undefined> {
    for (const entry of await this.#entriesOf(name)) {
      const found = await this.#read(join(this.#folder, name, entry), how).catch(() => undefined)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Caches a bundle, unless its inputs are not fully known or cannot be read (bundle-cache/B3). */
  async keep(name: string, how: string, bundle: Uint8Array, built: Built): Promise<void> {
    await this.#keep(name, how, bundle, built).catch(() => {})
  }

  async #keep(name: string, how: string, bundle: Uint8Array, built: Built): Promise<void> {
    const { probesOf, now } = this.#afterBuild(built.metafile)
    const probes = probesOf(built.from)
    this.#note(probes)
    if (probes === undefined) return
    const entry = [digest(`${how} ${now.digestOf(probes)}`), digest(bundle), ...probes].join('\n')
    if (now.hasChangedSince(built.startedAt, probes)) return
    await this.#write(join(this.#folder, name), entry, bundle).catch(() => {})
  }

  /** Answers of one build are shared: a change since it began shows in all of its bundles (bundle-cache/B2). */
  #afterBuild(metafile: Metafile): AfterBuild {
    const known = this.#builds.get(metafile)
    if (known !== undefined) return known
    const made = { probesOf: probesIn(metafile, this.#root), now: new Probes(this.#root) }
    this.#builds.set(metafile, made)
    return made
  }

  async #read(folder: string, how: string): Promise<Buffer | undefined> {
    const [given, content, ...probes] = (await readFile(join(folder, 'entry'), 'utf8')).split('\n')
    if (digest(`${how} ${this.#probes.digestOf(probes)}`) !== given) return undefined
    const bundle = await readFile(join(folder, 'bundle'))
    if (digest(bundle) !== content) return undefined
    this.#note(probes)
    return bundle
  }

  #note(probes: readonly Probe[] | undefined): void {
    if (probes === undefined) this.#farFiles = undefined
    for (const file of farFilesIn(probes ?? [], this.#root)) this.#farFiles?.add(file)
  }

  /** Writes to a hidden folder and renames it, so that readers never see an incomplete entry. */
  async #write(folder: string, entry: string, bundle: Uint8Array): Promise<void> {
    const id = randomUUID()
    const incomplete = join(folder, `.${id}`)
    await mkdir(incomplete, { recursive: true })
    try {
      await writeFile(join(incomplete, 'bundle'), bundle)
      await writeFile(join(incomplete, 'entry'), entry)
      // Names begin with the time, so that they sort by age.
      await rename(incomplete, join(folder, `${String(Date.now()).padStart(15, '0')}-${id}`))
    } catch (error) {
      await rm(incomplete, { recursive: true, force: true })
      throw error
    }
    const names = (await readdir(folder)).sort()
    const old = names.filter((name) => !name.startsWith('.')).slice(0, -KEPT_OF_EACH)
    const left = names.filter((name) => name.startsWith('.') && isOld(join(folder, name)))
    await Promise.all(
      [...old, ...left].map((name) => rm(join(folder, name), { recursive: true, force: true })),
    )
  }

  /** Entries, newest first. */
  async #entriesOf(name: string): Promise<string[]> {
    const names = await readdir(join(this.#folder, name)).catch(() => [])
    return names
      .filter((entry) => !entry.startsWith('.'))
      .sort()
      .reverse()
  }
}

/** Whether an incomplete entry is an hour old: its process was killed while writing. */
const isOld = (path: string): boolean =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > HOUR_MILLISECONDS

const HOUR_MILLISECONDS = 3_600_000
