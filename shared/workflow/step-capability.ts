/** Which capabilities a step may call: the one that it names, or, where that is an expression, those of its list `oneOf`. */
import type { AgentStep } from './schema.ts'

type Calling = Pick<AgentStep, 'capability' | 'oneOf'>

/** The expression whose value is the capability; undefined for a step that names it, or only pins an agent. */
export const capabilityComputedBy = ({ capability }: Pick<AgentStep, 'capability'>): string | undefined =>
  capability?.includes('{%') ? capability : undefined

/** Every capability that the step may call; empty for one that only pins an agent. */
export function capabilitiesOf(step: Calling): readonly string[] {
  if (capabilityComputedBy(step) !== undefined) return step.oneOf ?? []
  return step.capability === undefined ? [] : [step.capability]
}

/** The step once for each capability that it may call; a step that only pins an agent as it is. */
export function asEachCall<OfStep extends Calling>(step: OfStep): readonly OfStep[] {
  if (capabilityComputedBy(step) === undefined) return [step]
  return capabilitiesOf(step).map((capability) => asCalled(step, capability))
}

/** The step as it is called: with the capability that was chosen when it began, where that was open. */
export function asCalled<OfStep extends Calling>(step: OfStep, chosen: string | undefined): OfStep {
  if (chosen === undefined || capabilityComputedBy(step) === undefined) return step
  return { ...step, capability: chosen, oneOf: undefined }
}
