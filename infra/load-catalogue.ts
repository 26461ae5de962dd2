import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { type Compiled, compileWorkflow, issuesOfCompiling } from '../shared/compiler/index.ts'
import { type AgentManifest, AgentManifestSchema } from '../shared/domain/agent.ts'
import { describeIssues, type Issue } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import { withPlaces } from '../shared/workflow/issue-places.ts'
import type { Workflow } from '../shared/workflow/schema.ts'
import { issuesOfTypes } from '../shared/workflow/types/check-types.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'
import { PACKAGE_ROOT } from './package-root.ts'
import { placeInStack } from './place-in-stack.ts'

export type CompiledWorkflow = { workflow: Workflow; compiled: Compiled }
/** `file` is relative to the root of its source; `text` is what is written in it. */
type LoadedWorkflow = CompiledWorkflow & { file: string; text: string }
export type Catalogue = {
  agents: { manifest: AgentManifest; entry: string }[]
  workflows: CompiledWorkflow[]
}

/** Two folders of a project: agents in `<agents>/<id>/index.ts`, workflows in `<workflows>/*.yaml`. Messages name files from `root`. */
export type Source = { root: string; agents: string; workflows: string }

/** The agents and workflows that this package ships. */
export const BUILT_IN: Source = { root: PACKAGE_ROOT, agents: 'functions/agents', workflows: 'workflows' }

const ModuleSchema = z.object({ default: z.object({ manifest: AgentManifestSchema }) })

/** Problems in users' files: reported as lines, without a stack trace. */
export class CatalogueError extends Error {}

/** Every agent and every workflow of the sources, in their order. Throws CatalogueError listing all that is wrong. */
export async function loadCatalogue(sources: readonly Source[] = [BUILT_IN]): Promise<Catalogue> {
  const { catalogue, problems } = await loadWhatLoads(sources)
  if (problems.length > 0) throw new CatalogueError(problems.join('\n'))
  return catalogue
}

/** The agents and workflows that can be loaded, and what is wrong with the others: lines that begin with their file. */
export async function loadWhatLoads(
  sources: readonly Source[],
): Promise<{ catalogue: Catalogue; problems: string[] }> {
  const loaded = await Promise.all(sources.map(loadSource))
  const agents = loaded.flatMap((source) => source.agents)
  const workflows = loaded.flatMap((source) => source.workflows)
  const catalogue = { agents: valuesOf(agents), workflows: valuesOf(workflows) }
  const problems = [
    ...problemsOf(agents),
    ...problemsOf(workflows),
    ...typesIn(valuesOf(workflows), catalogue),
    ...agentsTwiceIn(catalogue.agents),
    ...clashesIn(loaded.map((source) => valuesOf(source.workflows))),
  ]
  return { catalogue, problems }
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

async function loadSource(source: Source) {
  const { root, workflows } = source
  const of = join(root, workflows)
  const entries = await entriesIn(source)
  const files = (await Array.fromAsync(glob('*.{yaml,yml}', { cwd: of }))).sort()
  return {
    agents: await Promise.allSettled(entries.map((entry) => loadAgent(entry, root))),
    workflows: await Promise.allSettled(files.map((file) => loadWorkflow(join(of, file), root))),
  }
}

async function loadAgent(entry: string, root: string): Promise<Catalogue['agents'][number]> {
  const file = relative(root, entry)
  const loaded: unknown = await import(pathToFileURL(entry).href).catch((error: unknown) => {
    const place = placeInStack(file, entry, error)
    if (!(error instanceof z.ZodError)) throw new CatalogueError(`${place}: ${String(error)}`)
    throw new CatalogueError(`${place}: ${describeIssues(issuesOfZod(error))}`)
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
  if (workflow && all.length === 0) return { workflow, compiled: compileWorkflow(workflow), file, text }
  throw new CatalogueError(linesOf(all, file))
}

/** Names and types that are wrong in view of the agents and workflows that are deployed together. */
function typesIn(loaded: readonly LoadedWorkflow[], { agents, workflows }: Catalogue): string[] {
  const known = {
    agents: agents.map(({ manifest }) => manifest),
    workflows: workflows.map(({ workflow }) => workflow),
  }
  return loaded.flatMap(({ file, text, workflow }) => {
    const issues = withPlaces(issuesOfTypes(workflow, known), text)
    return issues.length > 0 ? [linesOf(issues, file)] : []
  })
}

/** `workflows/a.yaml:3:5: steps.a: ...` */
function linesOf(issues: readonly Issue[], file: string): string {
  const lines = issues.map(({ line = 1, column = 1, path, message }) => {
    return `${file}:${line}:${column}: ${path ? `${path}: ` : ''}${message}`
  })
  return lines.join('\n')
}

/** The hint for a name that a built-in agent or workflow has already. */
const LEAVE_OUT = '; choose another, or leave out what is built in: builtIn: false'

/** Ids clash only between folders: within one they are names of subfolders. */
function agentsTwiceIn(agents: Catalogue['agents']): string[] {
  return [...Map.groupBy(agents, ({ manifest }) => manifest.id)]
    .filter(([, same]) => same.length > 1)
    .map(([id]) => `agents/${id}: an agent "${id}" is built in${LEAVE_OUT}`)
}

/** If two workflows claimed one name or task type, which of them serves it would depend on their order. */
function clashesIn(sources: readonly (readonly LoadedWorkflow[])[]): string[] {
  const claims = sources.flatMap((workflows, source) =>
    workflows.flatMap(({ file, workflow: { name, taskTypes } }) =>
      [...new Set([name, ...taskTypes])].map((claim) => ({ claim, name, file, source })),
    ),
  )
  return [...Map.groupBy(claims, ({ claim }) => claim)]
    .filter(([, claimants]) => claimants.length > 1)
    .flatMap(([claim, claimants]) => {
      // The author's own comes after what is built in.
      const own = claimants.at(-1)
      if (own === undefined) return []
      const others = claimants.slice(0, -1)
      const isAcross = others.some(({ source }) => source !== own.source)
      const by = [`${own.name} here`, ...others.map(({ name, file }) => `by ${name} in ${file}`)]
      return `${own.file}: "${claim}" is claimed by ${by.slice(0, -1).join(', ')}, and ${by.at(-1)}${isAcross ? `, which is built in${LEAVE_OUT}` : ''}`
    })
}

const valuesOf = <T>(settled: PromiseSettledResult<T>[]): T[] =>
  settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))

const problemsOf = (settled: PromiseSettledResult<unknown>[]): string[] =>
  settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
