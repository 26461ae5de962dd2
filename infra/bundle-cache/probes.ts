import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Metafile } from 'esbuild'

/**
 * A fact of the file system that a bundle depends on: `file <path>` stands for the content of a file, `names <path>`
 * for the names in a folder (without hidden ones). Paths within the root are relative, so that copies of the project
 * share cache entries.
 */
export type Probe = string

/** Virtual modules of our esbuild plugins. */
const VIRTUAL = /^(agent|builtin):/
/** Fields of a tsconfig.json that refer to other files; probes do not cover those. */
const REFERS = /"(extends|paths|baseUrl)"/
/** Timestamps of files may lag behind the clock by one tick of the system. */
const TICK_MILLISECONDS = 20

/**
 * Reads from a metafile which probes the bundle of some entry points depends on; undefined when it depends on more than probes cover.
 * Bundles of one build share most of their modules, so what one module or folder asks for is found once.
 */
export function probesIn(
  { inputs }: Metafile,
  root: string,
): (from: readonly string[]) => Probe[] | undefined {
  const ofModule = once((path: string) => probesOfModule(inputs[path], path, root))
  const ofFolder = once((folder: string) => probesOfFolder(folder, root))
  return (from) => {
    const probes = new Set<Probe>()
    const reached = new Set<string>()
    const folders = new Set<string>()
    for (const open = [...from]; open.length > 0; ) {
      const path = open.pop() ?? ''
      if (reached.has(path)) continue
      const asked = ofModule(path)
      if (asked === undefined) return undefined
      reached.add(path)
      open.push(...asked.imported)
      for (const probe of asked.probes) probes.add(probe)
      if (asked.folder === undefined) continue
      for (let at = asked.folder; !folders.has(at); at = dirname(at)) folders.add(at)
    }
    for (const folder of folders) {
      const asked = ofFolder(folder)
      if (asked === undefined) return undefined
      for (const probe of asked) probes.add(probe)
    }
    return [...probes]
  }
}

/** What a module itself asks for, its folder (none for a virtual module), and the modules that it imports. */
type OfModule = { probes: Probe[]; folder: string | undefined; imported: string[] }

function probesOfModule(
  input: Metafile['inputs'][string] | undefined,
  path: string,
  root: string,
): OfModule | undefined {
  if (input === undefined) return undefined
  const isFile = !VIRTUAL.test(path)
  const folder = isFile ? dirname(resolve(root, path)) : root
  const probes: Probe[] = isFile ? [probe('file', resolve(root, path), root)] : []
  const modules: string[] = []
  for (const { path: imported, original = imported, external = false } of input.imports) {
    if (!external) modules.push(imported)
    // esbuild does not list the files that match a dynamic import with a pattern.
    else if (imported.includes('*')) return undefined
    if (VIRTUAL.test(imported)) continue
    if (!isPath(original)) {
      for (const place of placesOf(original, folder, resolve(root, imported)))
        probes.push(probe('names', place, root))
      continue
    }
    // A file of exactly this name has precedence: one that is created later would be bundled instead.
    const named = resolve(folder, original)
    if (named !== resolve(root, imported))
      probes.push(probe('names', dirname(named), root), probe('names', named, root))
  }
  return { probes, folder: isFile ? folder : undefined, imported: modules }
}

function probesOfFolder(folder: string, root: string): Probe[] | undefined {
  // A package that is installed later in a nearer node_modules would take precedence.
  const probes = [
    probe('file', join(folder, 'package.json'), root),
    probe('names', join(folder, 'node_modules'), root),
  ]
  for (const main of missingMainsOf(folder))
    probes.push(probe('names', dirname(main), root), probe('names', main, root))
  if (isInPackage(folder)) return probes
  const settings = ['tsconfig.json', 'jsconfig.json'].map((name) => join(folder, name))
  if (settings.some((file) => REFERS.test(textOf(file)))) return undefined
  return [...probes, ...settings.map((file) => probe('file', file, root))]
}

const probe = (kind: 'file' | 'names', path: string, root: string): Probe =>
  `${kind} ${withinRoot(path, root)}`

/** The function with its results remembered. */
function once<Result>(find: (key: string) => Result): (key: string) => Result {
  const found = new Map<string, Result>()
  return (key) => {
    const known = found.get(key)
    if (known !== undefined || found.has(key)) return known as Result
    const result = find(key)
    found.set(key, result)
    return result
  }
}

/** The files of packages, and those outside the root, among what probes ask for, as absolute paths. */
export function farFilesIn(probes: readonly Probe[], root: string): string[] {
  return probes
    .filter((probe) => probe.startsWith('file '))
    .map((probe) => probe.slice('file '.length))
    .filter((path) => isInPackage(path) || isAbsolute(path))
    .map((path) => resolve(root, path))
}

/** The answers to probes, each asked once. */
export class Probes {
  readonly #root: string
  readonly #answers = new Map<Probe, string>()
  /** When the result of a probe last changed, as it was read after its answer. */
  readonly #changes = new Map<Probe, number>()

  constructor(root: string) {
    this.#root = root
  }

  digestOf(probes: readonly Probe[]): string {
    return digest(probes.map((probe) => `${probe} ${this.#answerOf(probe)}`).join('\n'))
  }

  /** Whether the result of a probe may have changed between `time` (ms since the epoch) and its answer in `digestOf`. */
  hasChangedSince(time: number, probes: readonly Probe[]): boolean {
    return probes.some((probe) => this.#changeOf(probe) >= time - TICK_MILLISECONDS)
  }

  #changeOf(probe: Probe): number {
    const known = this.#changes.get(probe)
    if (known !== undefined) return known
    this.#answerOf(probe)
    const [, path] = this.#parse(probe)
    const stats = statSync(path, { throwIfNoEntry: false }) ?? this.#folderOfMissing(path)
    const change = stats?.ctimeMs ?? Number.NEGATIVE_INFINITY
    this.#changes.set(probe, change)
    return change
  }

  /** The parent folder of a missing file, within the root only: folders above it change for unrelated reasons. */
  #folderOfMissing(path: string) {
    const isWithin = !isAbsolute(withinRoot(path, this.#root))
    return isWithin ? statSync(dirname(path), { throwIfNoEntry: false }) : undefined
  }

  #parse(probe: Probe): [kind: string, path: string] {
    const at = probe.indexOf(' ')
    return [probe.slice(0, at), resolve(this.#root, probe.slice(at + 1))]
  }

  #answerOf(probe: Probe): string {
    const known = this.#answers.get(probe)
    if (known !== undefined) return known
    const [kind, path] = this.#parse(probe)
    const answer = kind === 'file' ? fileAt(path) : [placeOf(path, this.#root), ...namesIn(path)].join(' ')
    this.#answers.set(probe, answer)
    return answer
  }
}

export const digest = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('base64url')

/**
 * Files of packages are compared by time, size and inode instead of content: they are many, large, and shared by copies
 * of a project.
 */
function fileAt(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return ''
  return isInPackage(path) ? `${stats.ctimeMs} ${stats.size} ${stats.ino}` : digest(readFileSync(path))
}

/** The target of symbolic links, relative to node_modules (which copies may share) or to the root. */
function placeOf(path: string, root: string): string {
  if (!existsSync(path)) return ''
  const at = path.lastIndexOf(`${sep}node_modules`)
  const base = at < 0 ? root : path.slice(0, at + `${sep}node_modules`.length)
  return relative(realpathSync(base), realpathSync(path))
}

/** The names in a folder; for node_modules, those in its scopes too. */
function namesIn(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  if (basename(folder) !== 'node_modules') return names.sort()
  const scopes = names.filter((name) => name.startsWith('@'))
  const inScopes = scopes.flatMap((scope) => namesIn(join(folder, scope)).map((name) => `${scope}/${name}`))
  return [...names, ...inScopes].sort()
}

/** The folders in which Node's resolution looks for a package, up to the one in which esbuild found the module. */
function placesOf(specifier: string, from: string, found: string): string[] {
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? ''
  const places: string[] = []
  for (let at = from; ; at = dirname(at)) {
    const packages = join(at, 'node_modules')
    if (existsSync(packages)) places.push(join(packages, name))
    if (found.startsWith(packages + sep) || at === dirname(at)) return places
  }
}

/** Missing files that a package.json names in `main` or `module`: esbuild has fallen back to other files. */
function missingMainsOf(folder: string): string[] {
  const text = textOf(join(folder, 'package.json'))
  if (text === '') return []
  const { module, main } = JSON.parse(text) as Record<string, unknown>
  return [module, main]
    .filter((name) => typeof name === 'string')
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
}

export const isInPackage = (path: string): boolean => path.split(sep).includes('node_modules')

const isPath = (specifier: string): boolean => /^\.\.?([\\/]|$)/.test(specifier) || isAbsolute(specifier)

function withinRoot(path: string, root: string): string {
  if (path.startsWith(`${root}${sep}`))
    return path
      .slice(root.length + 1)
      .split(sep)
      .join('/')
  return path === root ? '.' : path
}

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
