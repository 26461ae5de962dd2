import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { compileWorkflow, issuesOfCompiling } from '../shared/compiler/index.ts'
import { AgentManifestSchema } from '../shared/domain/agent.ts'
import { isOrchestratorError } from '../shared/domain/errors.ts'
import type { Issue } from '../shared/domain/issue.ts'
import { withPlaces } from '../shared/workflow/issue-places.ts'
import { suspendsOf } from '../shared/workflow/suspends-of.ts'
import { issuesOfTypes } from '../shared/workflow/types/check-types.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'
import type { Catalogue, CompiledWorkflow, LeftOut } from './catalogue.ts'
import { agentsApart, workflowsApart } from './clashes.ts'
import { compiledFor } from './compiled-for.ts'
import { entryOfFailure, withLateFailures } from './late-failures.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { placeInStack } from './place-in-stack.ts'
import { refuseExit } from './refuse-exit.ts'

/** `path` is absolute, `file` relative to the root of its source; `text` is what is written in it. */
type LoadedWorkflow = CompiledWorkflow & { path: string; file: string; text: string }

/** Two folders of a project: agents in `<agents>/<id>/index.ts`, workflows in `<workflows>/*.yaml`. Messages name files from `root`. */
export type Source = { root: string; agents: string; workflows: string }

/** The agents and workflows that this package ships. */
export const BUILT_IN: Source = { root: PACKAGE_ROOT, agents: 'functions/agents', workflows: 'workflows' }

const ModuleSchema = z.object({ default: z.object({ manifest: AgentManifestSchema }) })

/** Problems in users' files: reported as lines, without a stack trace. */
export class CatalogueError extends Error {}

/** What can be deployed, and what is left out. */
export type Usable = { catalogue: Catalogue; left: LeftOut[] }

/** Every agent and every workflow of the sources, in their order. Throws CatalogueError listing all that is wrong. */
export async function loadCatalogue(sources: readonly Source[] = [BUILT_IN]): Promise<Catalogue> {
  return (await loadUsable(sources, () => false)).catalogue
}

/** The agents and workflows that can be loaded, and what is wrong with the others: lines that begin with their file. */
export async function loadWhatLoads(
  sources: readonly Source[],
): Promise<{ catalogue: Catalogue; problems: string[] }> {
  const { catalogue, failed, clashes } = await load(sources, () => false)
  return { catalogue, problems: [...failed.map(({ problem }) => problem), ...clashes] }
}

/**
 * The same without the files that cannot be deployed and that `mayLack` allows to be missing. Throws CatalogueError for all else that is
 * wrong.
 */
export async function loadUsable(
  sources: readonly Source[],
  mayLack: (file: string) => boolean,
): Promise<Usable> {
  const { catalogue, failed, clashes } = await load(sources, mayLack)
  const problems = [...failed.filter(({ file }) => !mayLack(file)).map(({ problem }) => problem), ...clashes]
  if (problems.length > 0) throw new CatalogueError(problems.join('\n'))
  return { catalogue, left: failed.filter(({ file }) => mayLack(file)) }
}

/** What can be loaded, what cannot, and what claims the same name. */
async function load(sources: readonly Source[], mayLack: (file: string) => boolean) {
  const { value, late } = await refuseExit(() => withLateFailures(() => Promise.all(sources.map(loadSource))))
  const loaded = withoutLate(value, late, sources)
  const allAgents = loaded.flatMap((source) => source.agents)
  const agents = agentsApart(valuesOf(allAgents), mayLack)
  const apart = workflowsApart(
    loaded.map(({ workflows }) => valuesOf(workflows)),
    mayLack,
  )
  const { usable, wrong } = withoutWrongTypes(apart.usable, agents.usable, mayLack)
  const suspends = suspendsOf(agents.usable.map(({ manifest }) => manifest))
  const recompiled = usable.flat().map((one): Loaded<LoadedWorkflow> => {
    const { compiled, issues } = compiledFor(one, suspends)
    return {
      file: one.path,
      ...(compiled ? { value: { ...one, compiled } } : { problem: linesOf(issues, one.file) }),
    }
  })
  const catalogue = { agents: agents.usable, workflows: valuesOf(recompiled) }
  const failed = [
    ...failuresOf(recompiled),
    ...failuresOf(allAgents),
    ...loaded.flatMap((source) => failuresOf(source.workflows)),
    ...agents.left,
    ...apart.left,
    ...wrong,
  ]
  return { catalogue, failed, clashes: [...agents.clashes, ...apart.clashes] }
}

type LoadedSource = Awaited<ReturnType<typeof loadSource>>

/** An agent whose module has thrown after it was loaded cannot be deployed: its function would not start. */
function withoutLate(
  loaded: readonly LoadedSource[],
  late: readonly unknown[],
  sources: readonly Source[],
): LoadedSource[] {
  if (late.length === 0) return [...loaded]
  const files = loaded.flatMap(({ agents }) => agents.map(({ file }) => file))
  const failures = new Map(late.map((failure) => [entryOfFailure(failure, files), failure]))
  return loaded.map(({ agents, workflows }, at) => ({
    workflows,
    agents: agents.map((one) => {
      const failure = failures.get(one.file)
      if (failure === undefined) return one
      const place = placeInStack(relative(sources[at]?.root ?? '', one.file), one.file, failure)
      return {
        file: one.file,
        problem: `${place}: ${String(failure)}, thrown while it was loaded, where nothing awaits it`,
      }
    }),
  }))
}

/** The file of each agent of a source, as absolute paths. */
export async function entriesIn({ root, agents }: Source): Promise<string[]> {
  const within = join(root, agents)
  const found = (await Array.fromAsync(glob('*/index.{ts,js}', { cwd: within }))).sort()
  // Compiled output beside a source file is skipped.
  const entries = found.filter(
    (entry) => !found.includes(entry.replace(/js$/, 'ts')) || entry.endsWith('.ts'),
  )
  return entries.map((entry) => join(within, entry))
}

/** What became of one file. */
type Loaded<T> = { file: string } & ({ value: T } | { problem: string })

async function loadSource(source: Source) {
  const { root, workflows } = source
  const of = join(root, workflows)
  const entries = await entriesIn(source)
  const files = (await Array.fromAsync(glob('*.{yaml,yml}', { cwd: of }))).sort()
  return {
    agents: await Promise.all(entries.map((entry) => settled(entry, loadAgent(entry, root)))),
    workflows: await Promise.all(
      files.map((name) => settled(join(of, name), loadWorkflow(join(of, name), root))),
    ),
  }
}

const settled = <T>(file: string, loading: Promise<T>): Promise<Loaded<T>> =>
  loading.then(
    (value) => ({ file, value }),
    (error: Error) => ({ file, problem: error.message }),
  )

async function loadAgent(entry: string, root: string): Promise<Catalogue['agents'][number]> {
  const file = relative(root, entry)
  const loaded: unknown = await import(pathToFileURL(entry).href).catch(async (error: unknown) => {
    // What does not compile has its place from esbuild; it is loaded only then.
    const { compilesNot } = await import('./reload/compiles-not.ts')
    const told = await compilesNot(entry, root)
    if (told.length > 0) throw new CatalogueError(told.join('\n'))
    const place = placeInStack(file, entry, error)
    throw new CatalogueError(
      `${place}: ${isOrchestratorError(error, 'ConfigError') ? error.message : String(error)}`,
    )
  })
  const parsed = ModuleSchema.safeParse(loaded)
  if (!parsed.success) {
    throw new CatalogueError(
      `${file}: it must export an agent by default: export default defineAgent({ ... })`,
    )
  }
  const { manifest } = parsed.data.default
  const folder = basename(dirname(entry))
  if (manifest.id === folder) return { manifest, entry }
  throw new CatalogueError(`${file}: it declares agent "${manifest.id}"; its folder says "${folder}"`)
}

async function loadWorkflow(path: string, root: string): Promise<LoadedWorkflow> {
  const file = relative(root, path)
  const text = await readFile(path, 'utf8')
  const { workflow, issues } = validateWorkflow(text)
  const all = workflow ? issuesOfCompiling(workflow) : issues
  if (workflow && all.length === 0) return { workflow, compiled: compileWorkflow(workflow), path, file, text }
  throw new CatalogueError(linesOf(all, file))
}

/**
 * The workflows of each source without those that are left out because their names or types are wrong in view of what is deployed
 * together, and all that is wrong. What names one that is left out is wrong as well, hence the loop.
 */
function withoutWrongTypes(
  loaded: LoadedWorkflow[][],
  agents: Catalogue['agents'],
  mayLack: (file: string) => boolean,
) {
  let usable = loaded
  const wrong: LeftOut[] = []
  for (;;) {
    const found = typesIn(usable.flat(), { agents, workflows: usable.flat() })
    const lacked = [...found.keys()].filter(({ path }) => mayLack(path))
    const told = lacked.length > 0 ? lacked : [...found.keys()]
    for (const one of told) wrong.push({ file: one.path, problem: found.get(one) ?? '' })
    if (lacked.length === 0) return { usable, wrong }
    usable = usable.map((workflows) => workflows.filter((one) => !lacked.includes(one)))
  }
}

/** Names and types that are wrong, by workflow. */
function typesIn(loaded: readonly LoadedWorkflow[], { agents, workflows }: Catalogue) {
  const known = {
    agents: agents.map(({ manifest }) => manifest),
    workflows: workflows.map(({ workflow }) => workflow),
  }
  const found = new Map<LoadedWorkflow, string>()
  for (const one of loaded) {
    const issues = withPlaces(issuesOfTypes(one.workflow, known), one.text)
    if (issues.length > 0) found.set(one, linesOf(issues, one.file))
  }
  return found
}

/** `workflows/a.yaml:3:5: steps.a: ...` */
function linesOf(issues: readonly Issue[], file: string): string {
  const lines = issues.map(({ line = 1, column = 1, path, message }) => {
    return `${file}:${line}:${column}: ${path ? `${path}: ` : ''}${message}`
  })
  return lines.join('\n')
}

const valuesOf = <T>(loaded: readonly Loaded<T>[]): T[] =>
  loaded.flatMap((one) => ('value' in one ? [one.value] : []))

const failuresOf = (loaded: readonly Loaded<unknown>[]): LeftOut[] =>
  loaded.flatMap((one) => ('problem' in one ? [{ file: one.file, problem: one.problem }] : []))
