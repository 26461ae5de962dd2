import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { describeIssues } from '../../../shared/domain/issue.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { validateWorkflow } from '../../../shared/workflow/validate-workflow.ts'
import type { StoredWorkflow } from '../stores/stored-runs.ts'

/** A workflow that must be valid. */
export function validWorkflow(source: object): Workflow {
  const { workflow, issues } = validateWorkflow(source)
  if (workflow) return workflow
  throw new Error(describeIssues(issues))
}

/** What a test or a bench stores and runs: the steps as they are written, and what the compiler makes of them. */
export function compiledWorkflow(
  name: string,
  steps: Record<string, object>,
  output?: unknown,
): StoredWorkflow {
  const source = { name, steps, ...(output === undefined ? {} : { output }) }
  const { definition, gates } = compileWorkflow(validWorkflow(source))
  return { ...source, definition, gates }
}
