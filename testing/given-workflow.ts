import { registerWorkflow } from '../shared/app/catalogue/register-workflow.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import type { Ports } from '../shared/ports/index.ts'
import type { Workflow } from '../shared/workflow/schema.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'
import { CALLER } from './caller.ts'

/** A workflow as its YAML or JSON text, or as a value. */
export type GivenWorkflow = string | object

/** Parses a workflow. Throws InvalidWorkflowError; for a text each issue has its line and column. */
export function parseGiven(given: GivenWorkflow, what: string, lenient: boolean): Workflow {
  const { workflow, issues } = validateWorkflow(given, { lenient })
  if (workflow) return workflow
  throw new OrchestratorError('InvalidWorkflowError', `${what}: ${describeIssues(issues)}`, { issues })
}

/** Registers the given workflows, in any order: children before the workflows that call them. */
export async function registerAll(
  ports: Ports,
  workflows: readonly Workflow[],
  lenient: boolean,
): Promise<void> {
  const register = registerWorkflow(ports)
  let left = workflows
  while (left.length > 0) {
    const refused: { workflow: Workflow; error: unknown }[] = []
    for (const workflow of left) {
      await register({ name: workflow.name, workflow, lenient }, CALLER).catch((error: unknown) => {
        refused.push({ workflow, error })
      })
    }
    if (refused.length === left.length) throw refused[0]?.error
    left = refused.map(({ workflow }) => workflow)
  }
}
