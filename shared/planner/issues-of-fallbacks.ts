import { nearestNames, suggestNames } from '../domain/nearest-names.ts'
import { givenName, isCalled } from '../domain/tenants.ts'
import type { AgentStep } from '../workflow/schema.ts'
import { capabilitiesOf } from '../workflow/step-capability.ts'

/** Agents that are not removed, with the names of what they offer. */
export type Offering = { id: string; capabilities: readonly { name: string }[] }

/** A fallback that could not stand in: its index in the step's list, and why. */
export type UnfitFallback = { at: number; name: string; code: 'no-agent' | 'unknown-agent'; why: string }

export const offers = ({ capabilities }: Offering, wanted: string): boolean =>
  capabilities.some(({ name }) => name === wanted)

/** A fallback is an agent that offers the step's capability, or a capability that some agent offers. */
export function unfitFallbacks(
  step: Pick<AgentStep, 'fallback' | 'capability' | 'oneOf'>,
  agents: readonly Offering[],
): UnfitFallback[] {
  const { fallback = [] } = step
  const wanted = capabilitiesOf(step)
  const isAble = (agent: Offering): boolean =>
    wanted.length === 0 || wanted.some((capability) => offers(agent, capability))
  const able = agents.filter(isAble).map((one) => givenName(one.id))
  return fallback.flatMap((name, at): UnfitFallback[] => {
    const agent = agents.find((one) => isCalled(one.id, name))
    if (agent && isAble(agent)) return []
    if (agent) {
      const why = `agent "${name}" does not offer ${wanted.join(' or ')}${suggestNames(name, able)}`
      return [{ at, name, code: 'no-agent', why }]
    }
    if (agents.some((one) => offers(one, name))) return []
    const known = [...able, ...agents.flatMap(({ capabilities }) => capabilities.map((one) => one.name))]
    const why = `no agent or capability has this name; ${hintFor(name, known)}`
    return [{ at, name, code: 'unknown-agent', why }]
  })
}

/** `no agent "writer-god"; did you mean "writer-good"?`: the nearest of the agents that could do it, and not a list of all. */
export const describeUnknownAgent = (name: string, able: readonly string[]): string =>
  `no agent "${name}"; ${hintFor(name, able)}`

function hintFor(name: string, known: readonly string[]): string {
  const near = nearestNames(name, known).map((one) => `"${one}"`)
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : '`orchestrator agents` shows all'
}
