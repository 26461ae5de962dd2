import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { describeUnknownType, matchTemplate } from '../../planner/match-template.ts'
import type { RegisteredWorkflow, Workflows } from '../../ports/index.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { validateWorkflow } from '../../workflow/validate-workflow.ts'

type Named = { type?: string | undefined; workflow?: string | undefined }

/** The registered workflow that a request names. Throws NotFoundError with the nearest names. */
export async function findTemplate(workflows: Workflows, named: Named): Promise<RegisteredWorkflow> {
  const found = templateIn(await workflows.listWorkflows(), named)
  if (found) return found
  // It may have been published just now, so the list is read again without a cache.
  const all = await workflows.listWorkflows({ fresh: true })
  const match = templateIn(all, named)
  if (match) return match
  const { type, workflow } = named
  if (type !== undefined)
    throw new OrchestratorError('NotFoundError', describeUnknownType(type, asTemplates(all)), { type })
  const names = all.map((registered) => registered.workflow.name)
  const message = `there is no workflow "${workflow}"${suggestNames(workflow ?? '', names)}`
  throw new OrchestratorError('NotFoundError', message, { workflow })
}

function templateIn(
  all: readonly RegisteredWorkflow[],
  { type, workflow }: Named,
): RegisteredWorkflow | undefined {
  if (type !== undefined) return matchTemplate(type, asTemplates(all))?.registered
  return all.find((registered) => registered.workflow.name === workflow)
}

const asTemplates = (all: readonly RegisteredWorkflow[]) =>
  all.map((registered) => ({ ...registered.workflow, registered }))

/**
 * The workflow that a request names, or contains as a value or YAML text; `registered` is set when it has a machine of its own. Throws
 * NotFoundError, or InvalidWorkflowError with every issue.
 */
export async function givenWorkflow(
  workflows: Workflows,
  { type, workflow: given }: { type?: string | undefined; workflow?: unknown },
): Promise<{ workflow: Workflow; registered?: RegisteredWorkflow }> {
  if (given === undefined || (typeof given === 'string' && NAME.test(given))) {
    const registered = await findTemplate(workflows, { type, workflow: given })
    return { workflow: registered.workflow, registered }
  }
  return { workflow: parseWorkflow(given) }
}

/** Throws InvalidWorkflowError with every issue. */
export function parseWorkflow(given: unknown): Workflow {
  const { workflow, issues } = validateWorkflow(given)
  if (workflow) return workflow
  throw new OrchestratorError('InvalidWorkflowError', describeIssues(issues), { issues })
}

const NAME = /^[a-z][a-z0-9_-]{0,47}$/
