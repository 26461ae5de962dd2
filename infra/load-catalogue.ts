import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { type Compiled, compileWorkflow, issuesOfCompiling } from '../shared/compiler/index.ts'
import { type AgentManifest, AgentManifestSchema } from '../shared/domain/agent.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import type { Workflow } from '../shared/workflow/schema.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'

export type CompiledWorkflow = { workflow: Workflow; compiled: Compiled }
export type Catalogue = {
  agents: { manifest: AgentManifest; entry: string }[]
  workflows: CompiledWorkflow[]
}

export const PROJECT_ROOT = join(import.meta.dirname, '..')
const AGENTS = join(PROJECT_ROOT, 'functions/agents')
const WORKFLOWS = join(PROJECT_ROOT, 'workflows')

const ModuleSchema = z.object({ default: z.object({ manifest: AgentManifestSchema }) })

/** What is wrong with files that people write: told in lines, without a stack. */
export class CatalogueError extends Error {}

/** Every agent in `functions/agents/<id>/index.ts` and every workflow in `workflows/`. Throws CatalogueError listing all that is wrong. */
export async function loadCatalogue(): Promise<Catalogue> {
  const entries = (await Array.fromAsync(glob('*/index.ts', { cwd: AGENTS }))).sort()
  const files = (await Array.fromAsync(glob('*.{yaml,yml}', { cwd: WORKFLOWS }))).sort()
  const agents = await Promise.allSettled(entries.map((entry) => loadAgent(join(AGENTS, entry))))
  const workflows = await Promise.allSettled(files.map((file) => loadWorkflow(join(WORKFLOWS, file))))
  const loaded = { agents: valuesOf(agents), workflows: valuesOf(workflows) }
  const problems = [
    ...problemsOf(agents),
    ...problemsOf(workflows),
    ...clashesIn(loaded.workflows.map(({ workflow }) => workflow)),
  ]
  if (problems.length > 0) throw new CatalogueError(problems.join('\n'))
  return loaded
}

async function loadAgent(entry: string): Promise<Catalogue['agents'][number]> {
  const file = relative(PROJECT_ROOT, entry)
  const loaded: unknown = await import(pathToFileURL(entry).href).catch((error: unknown) => {
    if (!(error instanceof z.ZodError)) throw new CatalogueError(`${file}: ${String(error)}`)
    throw new CatalogueError(`${file}: ${describeIssues(issuesOfZod(error))}`)
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

async function loadWorkflow(path: string): Promise<CompiledWorkflow> {
  const file = relative(PROJECT_ROOT, path)
  const { workflow, issues } = validateWorkflow(await readFile(path, 'utf8'))
  const all = workflow ? issuesOfCompiling(workflow) : issues
  if (workflow && all.length === 0) return { workflow, compiled: compileWorkflow(workflow) }
  throw new CatalogueError(all.map((issue) => `${file}: ${describeIssues([issue])}`).join('\n'))
}

/** A name or a task type that two workflows claim would serve whichever comes first. */
function clashesIn(workflows: readonly Workflow[]): string[] {
  const claims = workflows.flatMap(({ name, taskTypes }) =>
    [...new Set([name, ...taskTypes])].map((claim) => ({ claim, name })),
  )
  return [...Map.groupBy(claims, ({ claim }) => claim)]
    .filter(([, claimants]) => claimants.length > 1)
    .map(
      ([claim, claimants]) =>
        `workflows/: "${claim}" is claimed by ${claimants.map(({ name }) => name).join(' and ')}`,
    )
}

const valuesOf = <T>(settled: PromiseSettledResult<T>[]): T[] =>
  settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))

const problemsOf = (settled: PromiseSettledResult<unknown>[]): string[] =>
  settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
