import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { type AgentManifest, AgentManifestSchema } from '../shared/domain/agent.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import type { Workflow } from '../shared/workflow/schema.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'

export type Catalogue = {
  agents: { manifest: AgentManifest; entry: string }[]
  workflows: Workflow[]
}

export const PROJECT_ROOT = join(import.meta.dirname, '..')
const AGENTS = join(PROJECT_ROOT, 'functions/agents')
const WORKFLOWS = join(PROJECT_ROOT, 'workflows')

const ModuleSchema = z.object({ default: z.object({ manifest: AgentManifestSchema }) })

/** Every agent in `functions/agents/<id>/index.ts` and every workflow in `workflows/`. Throws naming the file that is wrong. */
export async function loadCatalogue(): Promise<Catalogue> {
  const entries = (await Array.fromAsync(glob('*/index.ts', { cwd: AGENTS }))).sort()
  const files = (await Array.fromAsync(glob('*.yaml', { cwd: WORKFLOWS }))).sort()
  return {
    agents: await Promise.all(entries.map((entry) => loadAgent(join(AGENTS, entry)))),
    workflows: await Promise.all(files.map((file) => loadWorkflow(join(WORKFLOWS, file)))),
  }
}

async function loadAgent(entry: string): Promise<Catalogue['agents'][number]> {
  const parsed = ModuleSchema.safeParse(await import(pathToFileURL(entry).href))
  if (!parsed.success)
    throw new Error(`${entry} must export an agent by default: export default defineAgent({ ... })`)
  const { manifest } = parsed.data.default
  const folder = basename(dirname(entry))
  if (manifest.id !== folder)
    throw new Error(`${entry} declares agent "${manifest.id}"; its folder says "${folder}"`)
  return { manifest, entry }
}

async function loadWorkflow(file: string): Promise<Workflow> {
  const { workflow, issues } = validateWorkflow(await readFile(file, 'utf8'))
  if (!workflow) throw new Error(`${file}: ${describeIssues(issues)}`)
  return workflow
}
