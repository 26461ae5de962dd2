import type { Gate } from '../domain/plan.ts'
import type { AgentStep } from '../workflow/schema.ts'
import type { Flow } from './asl.ts'
import type { Costs } from './costs.ts'
import type { Weight } from './split.ts'

/** State shared by all graphs of one machine. */
export type Machine = {
  anonymous: boolean
  /** Names already used by Parallel states and variables. */
  used: Set<string>
  /** Gates by place. */
  gates: Gate[]
  positions: Record<string, string>
  /** When one machine is too small: the weight that each may have, and the started machines, inner ones first. */
  budget?: Weight | undefined
  parts: { name: string; flow: Flow; costs: Costs }[]
  /** The costs of one item for each distributed Map. */
  items: Costs[]
  suspends: SuspendsOf
  /** Places of the steps that have the states of a suspension. */
  suspending: string[]
}

/** Whether an agent that may run the step may suspend. */
export type SuspendsOf = (step: AgentStep) => boolean

export const newMachine = (anonymous: boolean, suspends: SuspendsOf, budget?: Weight): Machine => ({
  anonymous,
  suspends,
  suspending: [],
  budget,
  used: new Set(),
  gates: [],
  positions: {},
  parts: [],
  items: [],
})

/** Whether the step has the states of a suspension, which the plan keeps by place. */
export function isSuspending(step: AgentStep, { suspends, suspending }: Machine, place: string): boolean {
  const suspended = suspends(step)
  if (suspended && !suspending.includes(place)) suspending.push(place)
  return suspended
}

/** A unique variable name, because Step Functions forbids shadowing in branches. */
export function unusedVariable(name: string, used: Set<string>): string {
  const base = `in_${name.replaceAll('.', '_')}`
  let variable = base
  for (let copy = 2; used.has(variable); copy++) variable = `${base}_${copy}`
  used.add(variable)
  return variable
}
