import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import type { StoredWorkflow } from '../stores/stored-runs.ts'

/** A parsed workflow; throws if it is invalid. */
export function validWorkflow(source: object | string): Workflow {
  const { workflow, issues } = validateWorkflow(source)
  if (workflow) return workflow
  throw new Error(describeIssues(issues))
}

/** The stored form of a workflow for a test or a benchmark: its steps and the compiled definition. */
export function compiledWorkflow(
  name: string,
  steps: Record<string, object>,
  output?: unknown,
): StoredWorkflow {
  const source = { name, steps, ...(output === undefined ? {} : { output }) }
  const { definition, gates } = compileWorkflow(validWorkflow(source))
  return { ...source, definition, gates }
}
