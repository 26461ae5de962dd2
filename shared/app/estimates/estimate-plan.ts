import type { Agent } from '../../domain/agent.ts'
import { boundedList } from '../../domain/bounded.ts'
import type { Estimate } from '../../domain/estimate.ts'
import type { Json } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import type { Decision } from '../../domain/plan.ts'
import { givenName, isCalled } from '../../domain/tenants.ts'
import type { Draw } from '../../estimator/draw.ts'
import { childOf, estimate, type Known } from '../../estimator/estimate.ts'
import { mostOfConversations } from '../../estimator/most-of-conversations.ts'
import type { AgentDraws } from '../../estimator/simulate-step.ts'
import { usdOfRun } from '../../estimator/usage-of-run.ts'
import { type DrawsOfAgent, worstOfEach } from '../../estimator/worst-of-each.ts'
import type { Plan, Ports } from '../../ports/index.ts'
import { everyStep } from '../../workflow/places.ts'
import { type AgentStep, isAgentStep, type Workflow } from '../../workflow/schema.ts'
import { asEachCall, capabilitiesOf } from '../../workflow/step-capability.ts'
import { workflowCalledBy, workflowComputedBy } from '../../workflow/step-kinds.ts'
import { suspendsFor } from '../../workflow/suspends-of.ts'
import { doingsOf, type PlanningNeeds } from '../agents/agent-knowledge.ts'
import { chooseAgents } from '../choice/choose-agents.ts'
import { wholeOf } from '../tenants/within-tenant.ts'
import { asJudged, drawsOf, judgesOf, secondsOfOthers } from './draws-of-agent.ts'
import { type Facts, factsOfInput } from './facts-of-input.ts'

type Needs = PlanningNeeds & Pick<Ports, 'prices'>
type Wanted = Pick<Plan, 'bindings' | 'children' | 'decisions'> & {
  workflow: Workflow
  input?: Json | undefined
  seed: string
  /** The facts of the input, if the caller has read them already. */
  facts?: Facts | undefined
}

/** The nesting depth of child workflows that is simulated. */
const MOST_DEPTH = 3
const MOST_CHILDREN = 30
const MOST_ASSUMPTIONS = 100

/** Estimates a planned task's duration and cost. */
export async function estimatePlan(ports: Needs, wanted: Wanted): Promise<Estimate> {
  const assumptions: string[] = []
  const known = await knownOf(ports, wanted, assumptions, new Map())
  const { kept, more } = boundedList(assumptions, MOST_ASSUMPTIONS)
  const told = more > 0 ? [...kept, `and ${more} more`] : kept
  return { ...estimate(wanted.workflow.steps, known, { seed: wanted.seed }), assumptions: told }
}

const withoutBasis = ({ basis: _basis, ...own }: DrawsOfAgent): AgentDraws => own

/** Child workflows that were already prepared, by name, version and depth. */
type Seen = Map<string, ReturnType<typeof childOf>>

async function knownOf(
  ports: Needs,
  wanted: Wanted,
  assumptions: string[],
  seen: Seen,
  depth = 0,
): Promise<Known> {
  const { workflow, bindings, decisions, input } = wanted
  const all = everyStep(workflow.steps)
  const agents = await ports.agents.listAgents()
  const at = ports.clock.now().getTime() / 1_000
  const facts = wanted.facts ?? (await factsOfInput(workflow, input, at))
  const { stageModels, prices } = ports
  assumptions.push(...facts.assumptions, ...mostOfConversations(workflow.steps, stageModels, prices))
  const orders = new Map(
    all.flatMap(({ place, step }): [string, CallOrder[]][] => {
      if (!isAgentStep(step)) return []
      const decision = decisions.find(({ stepId }) => stepId === place)
      const calls = asEachCall(step).map((call) => {
        return { call, order: inOrder(agents, call, ownOf(bindings, place)?.agentId, decision) }
      })
      if (calls.length > 1)
        assumptions.push(
          `"${place}" calls one of ${capabilitiesOf(step).join(', ')}: it is taken for the dearest and slowest of them`,
        )
      if (calls.every(({ order }) => order.length === 0))
        assumptions.push(`"${place}" takes no time: nobody is known who could do it`)
      if (calls.some(({ call, order }) => order.some((agent) => suspendsFor(agent, call.capability))))
        assumptions.push(`what the agent of "${place}" waits for outside is there at once`)
      const [{ id, limits } = { id: '', limits: undefined }] = calls.flatMap(({ order }) => order)
      if (step.forEach !== undefined && limits?.maxConcurrency !== undefined)
        assumptions.push(
          `agent ${givenName(id)}, which takes ${limits.maxConcurrency} calls at once, works for nobody else during "${place}"`,
        )
      return [[place, calls]]
    }),
  )
  const judges = judgesOf(all, agents, assumptions)
  const called = [...judges, ...[...orders.values()].flat().flatMap(({ order }) => order)]
  const doings = await doingsOf(ports, [...new Set(called)])
  const children = await childrenOf(ports, wanted, assumptions, seen, depth)

  const others = new Map<string, Draw>()
  const ofOthers = (capability: string): Draw => {
    const draw = others.get(capability) ?? secondsOfOthers(doings, capability, at)
    others.set(capability, draw)
    return draw
  }

  return {
    itemsAt: (place) => ownOf(facts.items, place),
    usdOfRun: (steps, tasks) => usdOfRun(steps, tasks, ports.prices),
    drawsAt(place, step) {
      const runs = ownOf(facts.runs, place)
      const child = children.get(place)
      if (child) return { child, runs, basis: 'measured' }
      const facing = { doings, at, ofOthers, prices: ports.prices }
      const each = (orders.get(place) ?? []).map(({ call, order }) =>
        order.map((agent) => drawsOf(agent, call, facing)),
      )
      const draws = worstOfEach(each)
      if (draws.length === 0)
        // Nothing is known about a workflow that is computed; a wait and an approval have nothing to know.
        return {
          seconds: () => ownOf(facts.waits, place) ?? 0,
          runs,
          basis: workflowComputedBy(step) === undefined ? 'measured' : 'assumed',
        }
      const [first] = draws
      const judged = asJudged(step)
      return {
        agents: draws.map(withoutBasis),
        judges: judged ? judges.map((agent) => withoutBasis(drawsOf(agent, judged, facing))) : [],
        runs,
        basis: first?.basis ?? 'assumed',
      }
    },
  }
}

/**
 * The bound agent, then the agents of a failover in order: the step's fallbacks if it names any, otherwise agents with the same capability
 * by their score. A pinned agent has no others.
 */
function inOrder(
  agents: readonly Agent[],
  step: AgentStep,
  boundId: string | undefined,
  decision: Decision | undefined,
): Agent[] {
  const { capability, agent: pinned, fallback } = step
  const active = agents.filter(({ status }) => status === 'active')
  const offering = (name: string) =>
    active.filter(({ capabilities }) => capabilities.some((one) => one.name === name))
  const scores = new Map(decision?.candidates.map(({ agentId, score }) => [agentId, score?.total ?? 0]))
  const best = (some: Agent[]): Agent[] =>
    some.toSorted((a, b) => (scores.get(b.id) ?? 0) - (scores.get(a.id) ?? 0))
  const wanted = pinned
    ? active.filter(({ id }) => isCalled(id, pinned.split('@')[0] ?? ''))
    : best(offering(capability ?? ''))
  const first = agents.find(({ id }) => id === boundId) ?? wanted[0]
  const others = fallback
    ? fallback.flatMap((name) => active.find(({ id }) => isCalled(id, name)) ?? best(offering(name)))
    : wanted
  return [...new Set([...(first ? [first] : []), ...others])]
}

/** A step as it may be called, and the agents for that in the order in which they are tried. */
type CallOrder = { call: AgentStep; order: Agent[] }

/** The child workflows of this one, simulated recursively. */
async function childrenOf(ports: Needs, wanted: Wanted, assumptions: string[], seen: Seen, depth: number) {
  const found = new Map<string, ReturnType<typeof childOf>>()
  for (const [place, { name, version }] of Object.entries(wanted.children ?? {})) {
    const key = `${name}@${version} ${depth}`
    const before = seen.get(key)
    if (before) {
      found.set(place, before)
      continue
    }
    const registered =
      depth < MOST_DEPTH && seen.size < MOST_CHILDREN
        ? await wholeOf(ports.workflows).findWorkflow(name, version)
        : undefined
    if (!registered) {
      assumptions.push(`workflow ${givenName(name)} ("${place}") takes no time`)
      continue
    }
    const { workflow } = registered
    const own: string[] = []
    // Bound as the child would be; by guess if its agents cannot be chosen now.
    const planned = await chooseAgents(ports, workflow, { seed: wanted.seed }).catch(() => {
      return { bindings: {}, decisions: [], children: callsIn(workflow) }
    })
    const inner = { ...planned, workflow, seed: wanted.seed }
    const child = childOf(workflow.steps, await knownOf(ports, inner, own, seen, depth + 1))
    seen.set(key, child)
    found.set(place, child)
    assumptions.push(...own.map((assumption) => `in ${givenName(name)}: ${assumption}`))
  }
  return found
}

function callsIn({ steps }: Workflow): NonNullable<Plan['children']> {
  return Object.fromEntries(
    everyStep(steps).flatMap(({ place, step }) => {
      const called = workflowCalledBy(step)
      if (called === undefined) return []
      const [name = '', version] = called.split('@')
      return [[place, version === undefined ? { name } : { name, version: Number(version) }]]
    }),
  )
}
