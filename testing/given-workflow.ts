import { registerWorkflow } from '../shared/app/catalogue/register-workflow.ts'
import { boundedList } from '../shared/domain/bounded.ts'
import { isOrchestratorError, OrchestratorError } from '../shared/domain/errors.ts'
import { excerptOf } from '../shared/domain/excerpt.ts'
import { type Issue, IssueSchema } from '../shared/domain/issue.ts'
import type { Ports } from '../shared/ports/index.ts'
import { placedIn } from '../shared/workflow/issue-places.ts'
import type { Workflow } from '../shared/workflow/schema.ts'
import { validateWorkflow } from '../shared/workflow/validate-workflow.ts'
import { CALLER } from './caller.ts'

/** A workflow as its YAML or JSON text, or as a value. */
export type GivenWorkflow = string | object

/** Parses a workflow. Throws InvalidWorkflowError; for a text each issue has its line, column and the line itself with a caret under the place. */
export function parseGiven(given: GivenWorkflow, what: string, lenient: boolean): Workflow {
  const { workflow, issues } = validateWorkflow(given, { lenient })
  if (workflow) return workflow
  throw invalid(what, issues)
}

const invalid = (what: string, issues: readonly Issue[]): OrchestratorError =>
  new OrchestratorError('InvalidWorkflowError', toldOf(what, issues), { issues })

const MOST_TOLD = 10

/** One issue per line, as `orchestrator validate` prints them. */
function toldOf(what: string, issues: readonly Issue[]): string {
  const { kept, more } = boundedList(issues, MOST_TOLD)
  const told = kept.map(({ path, message, line, column, text }) => {
    const place = line === undefined ? what : `${what}:${line}:${column}`
    const said = [place, path, message].filter(Boolean).join(': ')
    if (line === undefined || column === undefined || text === undefined) return said
    return [said, ...excerptOf({ line, column, text })].join('\n')
  })
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
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
    const [first] = refused
    if (first && refused.length === left.length) throw placed(first.workflow, first.error)
    left = refused.map(({ workflow }) => workflow)
  }
}

/** Issues of names and types come from the registration, which gets the parsed workflow: their places are in its text. */
function placed(workflow: Workflow, error: unknown): unknown {
  if (!isOrchestratorError(error, 'InvalidWorkflowError')) return error
  const { success, data } = IssueSchema.array().safeParse(error.details.issues)
  return success ? invalid(`workflow "${workflow.name}"`, placedIn(workflow, data)) : error
}
