import type { Agent } from '../domain/agent.ts'
import { compareIds } from '../domain/compare-ids.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import type { Binding, Decision } from '../domain/plan.ts'
import { givenName, isCalled } from '../domain/tenants.ts'
import { everyStep, pathOfChoice, pathOfPlace } from '../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../workflow/schema.ts'
import { asCalled, capabilitiesOf, capabilityComputedBy } from '../workflow/step-capability.ts'
import { describeUnknownAgent, type Offering, unfitFallbacks } from './issues-of-fallbacks.ts'

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
    bound.issues.push(...issuesOfChoice(workflow, place, step, known, choose))
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

function bindingOf({ functionArn, id, version, limits, messages }: Agent): Binding {
  const handles = messages ? { topics: messages.topics } : {}
  return { functionArn, agentId: id, version, memoryMb: limits.memoryMb, ...handles }
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
  if (pinned !== undefined && !refusals.some(({ agentId }) => isCalled(agentId, name))) {
    const able = refusals.filter(({ kind }) => kind !== 'else').map(({ agentId }) => givenName(agentId))
    return issue('unknown-agent', path, `step "${id}": ${describeUnknownAgent(name, able)}`)
  }
  return issue('no-agent', path, `nobody can run step "${id}" (${wanted}): ${why(refusals, pinned)}`)
}

/**
 * What a step states that it may come to call is known before it runs: a capability that nobody offers is a slip, and one that is offered by agents
 * only that may never do this step is in vain. Whether they are free, or cost too much, is decided when it begins.
 */
function issuesOfChoice(
  { steps }: Workflow,
  id: string,
  step: AgentStep,
  known: readonly string[],
  choose: ChooseFor,
): Issue[] {
  if (capabilityComputedBy(step) === undefined) return []
  return capabilitiesOf(step).flatMap((name, at) => {
    const path = pathOfChoice(steps, id, at)
    if (!known.includes(name)) {
      const message = `no agent offers "${name}", which step "${id}" may come to call${suggestNames(name, known)}`
      return [issue('unknown-capability', path, message)]
    }
    const selection = choose(id, asCalled(step, name))
    if (selection.agent) return []
    const { refusals, pinned } = selection
    const able = refusals.filter(({ kind }) => kind !== 'else')
    if (able.length === 0 || able.some(({ kind }) => kind !== 'unfit')) return []
    const message = `nobody can do "${name}", which step "${id}" may come to call: ${why(refusals, pinned)}`
    return [issue('no-agent', path, message)]
  })
}

function issuesOfFallbacks(
  { steps }: Workflow,
  id: string,
  step: AgentStep,
  agents: readonly Offering[],
): Issue[] {
  return unfitFallbacks(step, agents).map(({ at, name, code, why }) => {
    const path = `${pathOfPlace(steps, id)}.fallback[${at}]`
    return issue(code, path, `fallback "${name}" of step "${id}": ${why}`)
  })
}

/** The reasons against the pinned agent or, without one, against all agents with the capability. */
function why(refusals: readonly Refused[], pinned: string | undefined): string {
  const able = refusals.filter(({ kind }) => kind !== 'else')
  if (pinned === undefined) {
    const reasons = able.map(({ agentId, reason }) => `${givenName(agentId)}: ${reason}`)
    return reasons.join('; ') || 'no agent is registered'
  }
  const [name = ''] = pinned.split('@')
  const known = able.map(({ agentId }) => givenName(agentId))
  const own = refusals.find(({ agentId }) => isCalled(agentId, name))
  if (own && own.kind !== 'else') return `${name}: ${own.reason}`
  if (own) return `agent "${name}" ${own.reason}${suggestNames(name, known)}`
  return describeUnknownAgent(name, known)
}
