/**
 * Hot reload: deploys saved changes into the running local cloud.
 *
 * Invariants (tests cite them):
 * reload/L1 a change that does not compile, or that the registration refuses, has no effect: the former state stays in service
 * reload/L2 one reload at a time; files saved meanwhile are in the next
 * reload/L3 a change that needs a new synthesis is reported, not attempted
 */
import { readFile, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { LocalCloud } from '../../local/local-cloud.ts'
import { BuildProcess, type Sources, SourcesSchema } from './build-process.ts'
import { watchSources } from './watch-sources.ts'

export type ReloadEvent =
  | { event: 'reloaded'; changed: string[]; milliseconds: number }
  | { event: 'refused'; problems: string[] }
  | { event: 'restart'; reason: string }

/** Paths in the project that need a restart; agents may lie in one of these folders. */
const RESTART = ['app.ts', 'cdk.json', 'functions', 'infra', 'package.json', 'shared', 'stages']

type Reloading = {
  cloud: Pick<LocalCloud, 'update'>
  /** The folder of the synthesized assembly. */
  assembly: string
  tell(event: ReloadEvent): void
}

/** Watches agents and workflows until it is stopped. */
export async function startReloading({ cloud, assembly, tell }: Reloading): Promise<() => Promise<void>> {
  let applied = await readSources(assembly)
  const root = applied.from.at(-1)?.root ?? '.'
  const live = liveIn(applied, root)
  let next = new BuildProcess(root)
  let [number, stopped] = [0, false]
  let running: Promise<void> | undefined
  let since: number | undefined
  let inService: string | undefined

  async function reload(from: number): Promise<void> {
    const folder = join(assembly, 'reload', `assembly-${++number}`)
    const build = next
    const answer = await build.build({ base: assembly, folder })
    if (stopped) return
    next = new BuildProcess(root)
    if (answer.kind === 'refused') return tell({ event: 'refused', problems: answer.problems })
    if (answer.kind === 'restart') return tell({ event: 'restart', reason: answer.reason })
    const changed = changesOf(applied, answer.sources)
    if (changed.length === 0) return rm(folder, { recursive: true, force: true })
    try {
      await cloud.update(folder)
    } catch (error) {
      const { name, message } = error as Error
      if (name === 'RestartNeeded') return tell({ event: 'restart', reason: message })
      return tell({ event: 'refused', problems: [`${changed.join(', ')}: ${message}`] })
    }
    applied = answer.sources
    tell({ event: 'reloaded', changed, milliseconds: Math.round(performance.now() - from) })
    // The folder has the bundle of `register`.
    if (inService) await rm(inService, { recursive: true, force: true })
    inService = folder
  }

  async function work(): Promise<void> {
    while (since !== undefined && !stopped) {
      const from = since
      since = undefined
      await reload(from).catch((error: Error) => tell({ event: 'refused', problems: [error.message] }))
    }
    running = undefined
  }

  const watching = await watchSources(
    [...live, ...RESTART].map((path) => join(root, path)),
    {
      onChange(paths, first) {
        const files = paths.map((path) => relative(root, path).split(sep).join('/'))
        const fixed = files.filter((file) => !isIn(file, live))
        if (fixed.length > 0) tell({ event: 'restart', reason: fixed.join(', ') })
        if (fixed.length === files.length) return
        since ??= first
        running ??= work()
      },
      onProblem: ({ message }) => tell({ event: 'restart', reason: `files cannot be watched: ${message}` }),
    },
  )
  return async () => {
    stopped = true
    await watching.close()
    next.stop()
    await running
  }
}

/** The synthesized assembly records its sources. */
async function readSources(assembly: string): Promise<Sources> {
  return SourcesSchema.parse(JSON.parse(await readFile(join(assembly, 'bundles/sources.json'), 'utf8')))
}

/** Folders whose changes are applied while tasks run: agents, workflows, and modules that agents import. */
function liveIn({ from, files }: Sources, root: string): string[] {
  const own = from.filter((source) => source.root === root)
  const imported = files.map((file) => dirname(relative(root, file)).split(sep).join('/'))
  const besides = imported.filter(
    (folder) => folder !== '.' && !folder.startsWith('..') && !isIn(folder, RESTART),
  )
  return [...new Set([...own.flatMap(({ agents, workflows }) => [agents, workflows]), ...besides])]
}

const isIn = (file: string, folders: readonly string[]): boolean =>
  folders.some((folder) => file === folder || file.startsWith(`${folder}/`))

/** In words: `agent echo`, `workflow simple (new)`. */
function changesOf(before: Sources, after: Sources): string[] {
  return (['agents', 'workflows'] as const).flatMap((kind) => {
    const [was, is] = [before[kind], after[kind]]
    const word = kind === 'agents' ? 'agent' : 'workflow'
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
    return names
      .filter((name) => was[name] !== is[name])
      .map((name) => {
        const how = name in was ? (name in is ? '' : ' (removed)') : ' (new)'
        return `${word} ${name}${how}`
      })
  })
}
