import type { Agent } from '../domain/agent.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { nearestNames, suggestNames } from '../domain/nearest-names.ts'
import type { Binding, Decision } from '../domain/plan.ts'
import { compareIds } from '../workflow/graph.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../workflow/schema.ts'

/** Chooses an agent for a step; implemented by the selector and passed in by the use case. */
export type ChooseFor = (
  stepId: string,
  step: AgentStep,
) =>
  | { agent: Agent; decision: Decision }
  | { agent?: undefined; refusals: Refused[]; pinned?: string | undefined }

/** A candidate that was refused; the kind `else` means that it does not offer the capability. */
type Refused = { agentId: string; kind: string; reason: string }

/** Existing bindings, which are kept. */
export type Kept = { bindings: Record<string, Binding>; decisions: Decision[] }

/** Agents that are not removed, with the names of what they offer. */
export type Offering = { id: string; capabilities: readonly { name: string }[] }

export type Bound = { bindings: Record<string, Binding>; decisions: Decision[]; issues: Issue[] }

/**
 * Binds an agent to every step, or returns an issue for each step without an eligible agent, and for each fallback that could not stand in.
 * Steps whose bindings are kept are not checked again.
 */
export function bindWorkflow(
  workflow: Workflow,
  agents: readonly Offering[],
  choose: ChooseFor,
  kept: Kept = { bindings: {}, decisions: [] },
): Bound {
  const known = [...new Set(agents.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))]
  const bound: Bound = { bindings: { ...kept.bindings }, decisions: [...kept.decisions], issues: [] }
  const all = everyStep(workflow.steps).sort((a, b) => compareIds(a.place, b.place))
  for (const { place, step } of all) {
    if (!isAgentStep(step) || Object.hasOwn(kept.bindings, place)) continue
    bound.issues.push(...issuesOfFallbacks(workflow, place, step, agents))
    if (step.bind === 'late') continue
    const selection = choose(place, step)
    if (!selection.agent) {
      bound.issues.push(issueOfNobody(workflow, place, step, selection, known))
      continue
    }
    bound.bindings[place] = bindingOf(selection.agent)
    bound.decisions.push(selection.decision)
  }
  return bound
}

function bindingOf({ functionArn, id, version, limits }: Agent): Binding {
  return { functionArn, agentId: id, version, memoryMb: limits.memoryMb }
}

function issueOfNobody(
  { steps }: Workflow,
  id: string,
  step: AgentStep,
  { refusals, pinned = step.agent }: { refusals: Refused[]; pinned?: string | undefined },
  known: string[],
): Issue {
  const path = `${pathOfPlace(steps, id)}.${pinned ? 'agent' : 'capability'}`
  const wanted = step.capability ?? pinned ?? ''
  // An inactive agent that offers it is the reason, and not that none does.
  const isOffered = refusals.some(({ kind }) => kind !== 'else')
  if (step.capability && !known.includes(step.capability) && !isOffered) {
    const message = `no agent offers "${step.capability}" (step "${id}")${suggestNames(step.capability, known)}`
    return issue('unknown-capability', path, message)
  }
  const [name = ''] = pinned?.split('@') ?? []
  if (pinned !== undefined && !refusals.some(({ agentId }) => agentId === name)) {
    const able = refusals.filter(({ kind }) => kind !== 'else').map(({ agentId }) => agentId)
    return issue('unknown-agent', path, `step "${id}": ${describeUnknownAgent(name, able)}`)
  }
  return issue('no-agent', path, `nobody can run step "${id}" (${wanted}): ${why(refusals, pinned)}`)
}

/** `no agent "writer-god"; did you mean "writer-good"?`: the nearest of the agents that could do it, and not a list of all. */
export function describeUnknownAgent(name: string, able: readonly string[]): string {
  const near = nearestNames(name, able).map((one) => `"${one}"`)
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : '`orchestrator agents` shows all'
  return `no agent "${name}"; ${hint}`
}

/** A fallback is an agent that offers the step's capability, or a capability that some agent offers. */
function issuesOfFallbacks(
  { steps }: Workflow,
  id: string,
  { fallback = [], capability }: AgentStep,
  agents: readonly Offering[],
): Issue[] {
  const offers = ({ capabilities }: Offering, wanted: string): boolean =>
    capabilities.some(({ name }) => name === wanted)
  const able = agents
    .filter((agent) => capability === undefined || offers(agent, capability))
    .map((one) => one.id)
  return fallback.flatMap((name, at) => {
    const path = `${pathOfPlace(steps, id)}.fallback.${at}`
    const told = `fallback "${name}" of step "${id}"`
    const agent = agents.find((one) => one.id === name)
    if (agent && (capability === undefined || offers(agent, capability))) return []
    if (agent) {
      const message = `${told}: agent "${name}" does not offer ${capability}${suggestNames(name, able)}`
      return issue('no-agent', path, message)
    }
    if (agents.some((one) => offers(one, name))) return []
    const known = [...able, ...agents.flatMap(({ capabilities }) => capabilities.map((one) => one.name))]
    const near = nearestNames(name, known).map((one) => `"${one}"`)
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : '`orchestrator agents` shows all'
    return issue('unknown-agent', path, `${told}: no agent or capability has this name; ${hint}`)
  })
}

/** The reasons against the pinned agent or, without one, against all agents with the capability. */
function why(refusals: readonly Refused[], pinned: string | undefined): string {
  const able = refusals.filter(({ kind }) => kind !== 'else')
  if (pinned === undefined) {
    const reasons = able.map(({ agentId, reason }) => `${agentId}: ${reason}`)
    return reasons.join('; ') || 'no agent is registered'
  }
  const [name = ''] = pinned.split('@')
  const known = able.map(({ agentId }) => agentId)
  const own = refusals.find(({ agentId }) => agentId === name)
  if (own && own.kind !== 'else') return `${name}: ${own.reason}`
  if (own) return `agent "${name}" ${own.reason}${suggestNames(name, known)}`
  return describeUnknownAgent(name, known)
}
