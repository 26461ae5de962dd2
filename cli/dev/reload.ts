/**
 * Hot reload: deploys saved changes into the running local cloud.
 *
 * Invariants (tests cite them):
 * reload/L1 a change that does not compile, or that the registration refuses, has no effect: the former state stays in service
 * reload/L2 one reload at a time; files saved meanwhile are in the next
 * reload/L3 a change that needs a new synthesis is reported, not attempted
 * reload/L4 changes that were saved between the synthesis and the start of watching are applied
 * reload/L5 a bundle is used again only in the run that made it, and only if its files were the same before and after it was made
 * reload/L6 files that agents import are watched from the build on that reads them, in the project's root too
 * reload/L7 a problem is reported once for the same saved contents, and its solution is reported too
 */
import { readFile, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { LocalCloud } from '../../local/local-cloud.ts'
import { compareIds } from '../../shared/domain/compare-ids.ts'
import { type Answer, BuildProcess, type Sources, SourcesSchema } from './build-process.ts'
import { isIn, liveIn, RESTART } from './live-paths.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { oneTelling, savedTexts } from './one-telling.ts'
import type { Problem, ReloadEvent, VersionInService } from './reload-event.ts'
import { type Watching, watchSources } from './watch-sources.ts'

/** The most builds in a row that are repeated because a file was saved meanwhile. */
const MOST_OUTDATED = 3
const RESTLESS: Problem = {
  event: 'refused',
  problems: [
    'the files of an agent change whenever they are read; does a module write one of them when it is loaded?',
  ],
}

type Reloading = {
  cloud: Pick<LocalCloud, 'update'>
  /** The folder of the synthesized assembly. */
  assembly: string
  /** The warnings of the synthesis. */
  warnings: readonly string[]
  tell(event: ReloadEvent): void
  /** The versions in service of what has changed; they are only told. */
  versionsOf?(changed: readonly string[]): Promise<VersionInService[]>
  /** Starts a build of the project in a folder, by default in a process of its own. */
  startBuild?: (root: string) => Pick<BuildProcess, 'build' | 'stop'>
}

/** Watches agents and workflows until it is stopped. Changes since the synthesis are applied at once (reload/L4). */
export async function startReloading(reloading: Reloading): Promise<() => Promise<void>> {
  const { cloud, assembly, tell, startBuild = (folder) => new BuildProcess(folder) } = reloading
  // Bundles of an earlier run may contain older versions of the host and of packages (reload/L5).
  await rm(join(assembly, 'reload'), { recursive: true, force: true })
  let applied = await readSources(assembly)
  const root = applied.from.at(-1)?.root ?? '.'
  let live = liveIn(applied, root)
  let [watching, inService]: [Watching?, string?] = []
  let next = startBuild(root)
  let [number, outdated, stopped] = [0, 0, false]
  const newOnes = newWarnings(reloading.warnings)
  const saves = savedTexts()
  const problems = oneTelling(tell, saves)

  /** Also watches the modules that agents import; compares again, for changes saved before that (reload/L6). */
  function follow(sources: Sources): void {
    const more = liveIn(sources, root).filter((path) => !live.includes(path))
    if (more.length === 0) return
    live = [...live, ...more]
    watching?.add(inFolder(root, more))
    turns.ask(performance.now())
  }

  /** Returns whether the assembly in `folder` is in service. */
  async function apply(answer: Answer, folder: string, from: number): Promise<boolean> {
    outdated = answer.kind === 'outdated' ? outdated + 1 : 0
    if (outdated > 0 && outdated <= MOST_OUTDATED) turns.ask(from)
    const wrong = outdated > MOST_OUTDATED ? RESTLESS : problemIn(answer)
    if (wrong) problems.tell(wrong)
    if (answer.kind !== 'built') return false
    follow(answer.sources)
    const changed = changesOf(applied, answer.sources)
    if (changed.length === 0) {
      if (answer.left.length === 0 && problems.end()) tell({ event: 'unchanged' })
      if (saves.count() > 0) tellLeft(problems, answer.left)
      return false
    }
    const problem = await problemOfUpdate(cloud, folder, changed)
    if (problem) return problems.tell(problem)
    applied = answer.sources
    problems.end()
    const told = await reloadedOf(reloading, changed, from)
    tell({ ...told, warnings: newOnes(answer.warnings) })
    if (saves.count() > 0) tellLeft(problems, answer.left)
    return true
  }

  async function reload(from: number): Promise<void> {
    const folder = join(assembly, 'reload', `assembly-${++number}`)
    const answer = await next.build({ base: assembly, folder, left: applied.left })
    if (stopped) return
    next = startBuild(root)
    const isInService = await apply(answer, folder, from)
    // The folder in service is kept, because it contains the bundle of `register`.
    const unused = isInService ? inService : folder
    if (unused) await rm(unused, { recursive: true, force: true })
    if (isInService) inService = folder
  }

  const broken = ({ message }: Error): void => void problems.tell({ event: 'refused', problems: [message] })
  const turns = oneAtATime((from) => reload(from).catch(broken))
  watching = await watchSources(inFolder(root, [...live, ...RESTART]), {
    async onChange(paths, first) {
      await saves.read(paths)
      if (stopped) return
      const files = paths.map((path) => relative(root, path).split(sep).join('/'))
      const fixed = files.filter((file) => !isIn(file, live))
      if (fixed.length > 0) tell({ event: 'restart', reason: fixed.join(', ') })
      if (fixed.length < files.length) turns.ask(first)
    },
    onProblem: (error) => tell(unwatched(error)),
  })
  turns.ask(performance.now())
  return async () => {
    stopped = true
    await watching?.close()
    next.stop()
    await turns.stop()
  }
}

/** What a reload of `changed`, asked for at `from` (ms), tells; with the versions that it has made, where there are any. */
async function reloadedOf({ versionsOf }: Reloading, changed: string[], from: number) {
  const milliseconds = Math.round(performance.now() - from)
  const versions = (await versionsOf?.(changed).catch(() => [])) ?? []
  return { event: 'reloaded' as const, changed, milliseconds, ...(versions.length > 0 ? { versions } : {}) }
}

const inFolder = (root: string, paths: readonly string[]): string[] => paths.map((path) => join(root, path))

/** Reports what was left out; before the first change the start has reported it. */
function tellLeft(problems: ReturnType<typeof oneTelling>, left: string[]): void {
  if (left.length > 0) problems.tell({ event: 'refused', problems: left })
}

const unwatched = ({ message }: Error): Problem => ({
  event: 'restart',
  reason: `files cannot be watched: ${message}`,
})

/** Returns, for each new state in service, the warnings that the previous state did not have. */
function newWarnings(first: readonly string[]): (warnings: readonly string[]) => string[] {
  let known = first
  return (warnings) => {
    const more = warnings.filter((warning) => !known.includes(warning))
    known = warnings
    return more
  }
}

function problemIn(answer: Answer): Problem | undefined {
  if (answer.kind === 'refused') return { event: 'refused', problems: answer.problems }
  return answer.kind === 'restart' ? { event: 'restart', reason: answer.reason } : undefined
}

/** Deploys an assembly; returns the reason if it cannot be deployed. */
async function problemOfUpdate(
  cloud: Reloading['cloud'],
  folder: string,
  changed: readonly string[],
): Promise<Problem | undefined> {
  try {
    await cloud.update(folder)
    return undefined
  } catch (error) {
    const { name, message } = error as Error
    return name === 'RestartNeeded'
      ? { event: 'restart', reason: message }
      : { event: 'refused', problems: [`${changed.join(', ')}: ${message}`] }
  }
}

/** The synthesized assembly records its sources. */
async function readSources(assembly: string): Promise<Sources> {
  return SourcesSchema.parse(JSON.parse(await readFile(join(assembly, 'bundles/sources.json'), 'utf8')))
}

/** In words: `agent echo`, `workflow simple (new)`. */
function changesOf(before: Sources, after: Sources): string[] {
  return (['agents', 'workflows'] as const).flatMap((kind) => {
    const [was, is] = [before[kind], after[kind]]
    const word = kind === 'agents' ? 'agent' : 'workflow'
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort(compareIds)
    return names
      .filter((name) => was[name] !== is[name])
      .map((name) => {
        const how = name in was ? (name in is ? '' : ' (removed)') : ' (new)'
        return `${word} ${name}${how}`
      })
  })
}
