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

/** The probes that the bundle of some entry points depends on; undefined when it depends on more than probes cover. */
export function probesOf({ inputs }: Metafile, from: readonly string[], root: string): Probe[] | undefined {
  const probes = new Set<Probe>()
  const ask = (kind: 'file' | 'names', path: string): void =>
    void probes.add(`${kind} ${withinRoot(path, root)}`)
  const reached = new Set<string>()
  const folders = new Set<string>()
  for (const open = [...from]; open.length > 0; ) {
    const path = open.pop() ?? ''
    const input = inputs[path]
    if (reached.has(path)) continue
    if (input === undefined) return undefined
    reached.add(path)
    const isFile = !VIRTUAL.test(path)
    const folder = isFile ? dirname(resolve(root, path)) : root
    if (isFile) {
      ask('file', resolve(root, path))
      for (let at = folder; !folders.has(at); at = dirname(at)) folders.add(at)
    }
    for (const { path: imported, original = imported, external = false } of input.imports) {
      if (!external) open.push(imported)
      // esbuild does not list the files that match a dynamic import with a pattern.
      else if (imported.includes('*')) return undefined
      if (VIRTUAL.test(imported)) continue
      if (!isPath(original)) {
        for (const place of placesOf(original, folder, resolve(root, imported))) ask('names', place)
        continue
      }
      // A file of exactly this name has precedence: one that is created later would be bundled instead.
      const named = resolve(folder, original)
      if (named === resolve(root, imported)) continue
      ask('names', dirname(named))
      ask('names', named)
    }
  }
  for (const folder of folders) {
    ask('file', join(folder, 'package.json'))
    // A package that is installed later in a nearer node_modules would take precedence.
    ask('names', join(folder, 'node_modules'))
    for (const main of missingMainsOf(folder)) {
      ask('names', dirname(main))
      ask('names', main)
    }
    if (isInPackage(folder)) continue
    ask('file', join(folder, 'tsconfig.json'))
    ask('file', join(folder, 'jsconfig.json'))
    if (['tsconfig.json', 'jsconfig.json'].some((name) => REFERS.test(textOf(join(folder, name)))))
      return undefined
  }
  return [...probes]
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

  constructor(root: string) {
    this.#root = root
  }

  digestOf(probes: readonly Probe[]): string {
    return digest(probes.map((probe) => `${probe} ${this.#answerOf(probe)}`).join('\n'))
  }

  /** Whether the result of a probe may have changed since `time` (ms since the epoch). */
  hasChangedSince(time: number, probes: readonly Probe[]): boolean {
    return probes.some((probe) => {
      const [, path] = this.#parse(probe)
      const stats = statSync(path, { throwIfNoEntry: false }) ?? this.#folderOfMissing(path)
      return stats !== undefined && stats.ctimeMs >= time - TICK_MILLISECONDS
    })
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
