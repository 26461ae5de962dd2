import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { boundedIssues, describeIssues, type Issue, issue } from '../../domain/issue.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { shown } from '../../domain/shown.ts'
import type { Ports } from '../../ports/index.ts'
import { everyStep } from '../../workflow/places.ts'
import type { Workflow } from '../../workflow/schema.ts'
import { findChild } from '../choice/versions-of-children.ts'
import { madeMachine, type PlannedMachine, sharedMachine } from '../machines/shared-machine.ts'
import { parseWorkflow } from '../planning/given-workflow.ts'

/** A child's definition, and its machine, which is created when all else is known to be right. */
export type Definition = { workflow: Workflow; machine: PlannedMachine }

/** As for a workflow that comes with a request. */
const MOST_CHARACTERS = 300_000
/** Checked and compiled within one call of the control function. */
const MOST_STEPS = 200
const NAME = /^[a-z][a-z0-9_-]{0,47}(@[1-9]\d{0,8})?$/

type Needs = Pick<Ports, 'agents' | 'workflows' | 'machines' | 'collectables' | 'ids' | 'clock'>

/**
 * The workflow that an expression of a step has come to: one that the tenant sees, by its name, or a definition as YAML text or as a value, which is
 * checked as at a submission. Throws InvalidInputError for what is none, InvalidWorkflowError with every issue of the workflow.
 */
export async function computedWorkflow(
  ports: Needs,
  value: Json | undefined,
  tenant: string,
): Promise<Definition> {
  if (typeof value === 'string' && NAME.test(value)) {
    const registered = await findChild(ports.workflows, value)
    return { workflow: registered.workflow, machine: madeMachine(registered) }
  }
  if (typeof value !== 'string' && !isJsonObject(value)) {
    const message = `workflow is ${shown(value)}; its expression must come to the name of a workflow, to its text, or to an object with steps`
    throw new OrchestratorError('InvalidInputError', message)
  }
  const { length } = typeof value === 'string' ? value : JSON.stringify(value)
  if (length > MOST_CHARACTERS)
    throw refused([tooLarge(`it has ${length} characters; the most is ${MOST_CHARACTERS}`)])
  const { workflow } = await parseWorkflow(ports, value).catch((error: unknown) => {
    throw isInvalid(error) ? refused(error.details.issues) : error
  })
  const steps = everyStep(workflow.steps).length
  if (steps > MOST_STEPS) {
    const message = `it has ${steps} steps; a workflow that comes while its parent runs has at most ${MOST_STEPS}: register it, and compute its name`
    throw refused([issue('too-many-steps', 'steps', message)])
  }
  return { workflow, machine: await sharedMachine(ports, workflow, tenant) }
}

const tooLarge = (message: string): Issue => issue('too-large', '', message)

type Invalid = OrchestratorError & { details: { issues: readonly Issue[] } }

const isInvalid = (error: unknown): error is Invalid =>
  isOrchestratorError(error, 'InvalidWorkflowError') && Array.isArray(error.details.issues)

function refused(issues: readonly Issue[]): OrchestratorError {
  const message = `the workflow that its expression has come to: ${describeIssues(issues)}`
  return new OrchestratorError('InvalidWorkflowError', message, { issues: boundedIssues(issues) })
}
