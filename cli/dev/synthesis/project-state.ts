import { createHash, type Hash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import packageJson from '../../../package.json' with { type: 'json' }
import { PACKAGE_ROOT, type Project } from '../find-project.ts'

/** Larger files are told apart by size and time of change. */
const MOST_READ = 2_000_000
/** A project with more files would be synthesized sooner than compared. */
const MOST_FILES = 20_000

/** Variables that differ between two terminals, and that say nothing to an app. */
const OF_TERMINALS =
  /^(_|PWD|OLDPWD|SHLVL|COLUMNS|LINES|TERM.*|COLORTERM|WINDOWID|WT_SESSION|DISPLAY|SSH_.*|XDG_.*|VSCODE_.*|ITERM_.*|TMUX.*|STY|npm_.*|NO_COLOR|FORCE_COLOR|NODE_COMPILE_CACHE|ORCHESTRATOR_(URL|KEY|TOKEN|PROFILE|REGION|MODEL|MODEL_URL|MODEL_SCRIPT|SECRET_.*))$/

/** What every package manager writes when it has changed what is installed. */
const LOCKS = [
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.yarn-state.yml',
  'node_modules/.yarn-integrity',
]

/**
 * A digest of all that a synthesis may depend on: every file of the project and of this package, which packages are installed, the
 * app's command, the environment, and the versions of Node.js and of this package. Undefined where there is too much to compare.
 * `without` is the data folder, which may lie in the project.
 */
export function stateOfProject(project: Project, without: string): string | undefined {
  const state = createHash('sha256')
  state.update(JSON.stringify([1, packageJson.version, process.version, process.execPath, project]))
  state.update(JSON.stringify(environment()))
  const roots = [...new Set([realpathSync(project.root), realpathSync(PACKAGE_ROOT)])]
  const seen = new Set<string>([resolved(without)])
  for (const root of roots) {
    if (!addFolder(state, root, seen)) return undefined
    for (let at = root; ; at = dirname(at)) {
      for (const lock of LOCKS) addFile(state, join(at, lock))
      if (!addPackages(state, join(at, 'node_modules'), seen)) return undefined
      if (at === dirname(at)) break
    }
  }
  return state.digest('base64url')
}

/** The same of some files of packages, by their times: they are many. Undefined if one was changed at or after `before` (ms since the epoch). */
export function stateOfFiles(
  paths: readonly string[],
  before = Number.POSITIVE_INFINITY,
): string | undefined {
  const state = createHash('sha256')
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats !== undefined && stats.ctimeMs >= before) return undefined
    state.update(`${path} ${stats?.ctimeMs} ${stats?.size} ${stats?.ino}\n`)
  }
  return state.digest('base64url')
}

function environment(): [string, string | undefined][] {
  return Object.entries(process.env)
    .filter(([name]) => !OF_TERMINALS.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Adds every file below a folder, except installed packages and hidden folders. Returns false where there are too many. */
function addFolder(state: Hash, folder: string, seen: Set<string>): boolean {
  const place = resolved(folder)
  if (seen.has(place) || isAssembly(folder)) return true
  seen.add(place)
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (seen.size > MOST_FILES) return false
    if (isFolder(entry, path)) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue
      if (!addFolder(state, path, seen)) return false
    } else {
      seen.add(path)
      addFile(state, path)
    }
  }
  return true
}

const isFolder = (entry: Dirent, path: string): boolean =>
  entry.isDirectory() ||
  (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)

/** What `cdk synth` writes, wherever. */
const isAssembly = (folder: string): boolean =>
  statSync(join(folder, 'cdk.out'), { throwIfNoEntry: false })?.isFile() === true

function addFile(state: Hash, path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile()) return
  state.update(`\n${path} ${stats.size} `)
  state.update(stats.size > MOST_READ ? `${stats.ctimeMs} ${stats.ino}` : readFileSync(path))
}

/**
 * Which packages lie in a folder: a patched package changes no lock. One that is linked is somebody's sources, such as a workspace's: of
 * it, every file is added. Returns false where there are too many.
 */
function addPackages(state: Hash, folder: string, seen: Set<string>): boolean {
  for (const { name } of entriesOf(folder)) {
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    if (name.startsWith('@')) {
      if (!addPackages(state, path, seen)) return false
      continue
    }
    state.update(`\n${path} ${stateOfFiles([join(path, 'package.json')])}`)
    const place = resolved(path)
    // Some package managers link each package to its place in a folder of theirs.
    if (place.split(sep).includes('node_modules')) continue
    state.update(place)
    if (!addFolder(state, place, seen)) return false
  }
  return true
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return []
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path.endsWith(sep) ? path.slice(0, -1) : path
  }
}
