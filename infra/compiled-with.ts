import { type AgentManifest, maySuspend } from '../shared/domain/agent.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { suspendsOf } from '../shared/workflow/suspends-of.ts'
import type { Catalogue, CompiledWorkflow } from './catalogue.ts'
import { compiledFor } from './compiled-for.ts'
import { CatalogueError } from './load-catalogue.ts'

/**
 * The catalogue with workflows compiled for these agents too, which no folder has: those that a stage names elsewhere. Throws CatalogueError for a
 * workflow that cannot be compiled so.
 */
export function compiledWith(
  catalogue: Catalogue,
  elsewhere: readonly { manifest: AgentManifest }[],
): Catalogue {
  if (!elsewhere.some(({ manifest }) => maySuspend(manifest))) return catalogue
  const suspends = suspendsOf([...catalogue.agents, ...elsewhere].map(({ manifest }) => manifest))
  const workflows = catalogue.workflows.map(({ workflow, compiled: before }): CompiledWorkflow => {
    const { compiled, issues } = compiledFor({ workflow, compiled: before }, suspends)
    if (compiled) return { workflow, compiled }
    throw new CatalogueError(
      `workflow ${workflow.name}, with the agents elsewhere: ${describeIssues(issues)}`,
    )
  })
  return { ...catalogue, workflows }
}
