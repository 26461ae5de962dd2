/**
 * The capability of a step whose `capability` is an expression.
 *
 * Invariants (tests cite them):
 * choice/C1 it is evaluated once for a run of the step, before an agent is chosen, and kept in the step's record: every attempt, every agent and
 *    every fallback of that run is called for it
 * choice/C2 only what `oneOf` states is ever called; every other value ends the step by CapabilityNotAllowedError, which no agent mends
 * choice/C3 a step that is skipped chooses nothing, and no agent is called to skip it
 */
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { nearestNames } from '../../domain/nearest-names.ts'
import { shown } from '../../domain/shown.ts'
import type { StepRecord } from '../../domain/step.ts'
import type { Task } from '../../domain/task.ts'
import type { Plan, Steps } from '../../ports/index.ts'
import type { AgentStep } from '../../workflow/schema.ts'
import { asCalled, capabilitiesOf, capabilityComputedBy } from '../../workflow/step-capability.ts'
import type { ReadingPorts } from './expression-names.ts'
import { stepOf } from './plan-paths.ts'
import { decideStep, recordsOfNeeds } from './resolve-step.ts'

export type ChosenCapability = { kind: 'chosen'; capability: string } | { kind: 'skip'; reason: string }

/** The agent's step at a path as it is called (choice/C1): with the capability that its record has. */
export const calledStep = (
  plan: Pick<Plan, 'taskId' | 'workflow'>,
  path: string,
  record: Pick<StepRecord, 'capability'> | undefined,
): AgentStep => asCalled(stepOf(plan, path), record?.capability)

/**
 * What the expression of the step comes to, or why the step is skipped; undefined for a step that names its capability. Throws
 * InvalidInputError for an expression that fails, and CapabilityNotAllowedError.
 */
export async function chooseCapability(
  ports: ReadingPorts & { steps: Pick<Steps, 'findSteps'> },
  task: Pick<Task, 'id' | 'type' | 'metadata'>,
  plan: Plan,
  path: string,
): Promise<ChosenCapability | undefined> {
  const step = stepOf(plan, path)
  const expression = capabilityComputedBy(step)
  if (expression === undefined) return undefined
  const records = await recordsOfNeeds(ports.steps, plan, path)
  const decided = await decideStep(ports, { task, plan, records }, path, { capability: expression })
  if (decided.kind === 'skip') return decided
  const { capability } = decided.value
  const allowed = capabilitiesOf(step)
  if (typeof capability === 'string' && allowed.includes(capability)) return { kind: 'chosen', capability }
  throw notAllowed(capability, allowed)
}

function notAllowed(value: Json | undefined, allowed: readonly string[]): OrchestratorError {
  const found = value === undefined ? 'nothing' : shown(value)
  const near = typeof value === 'string' ? nearestNames(value, allowed).map((one) => `"${one}"`) : []
  const meant = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
  const message = `the expression for its capability has come to ${found}, which \`oneOf\` does not state; allowed: ${allowed.join(', ')}${meant}`
  return new OrchestratorError('CapabilityNotAllowedError', message)
}
