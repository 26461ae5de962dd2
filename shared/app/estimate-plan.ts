import type { Agent } from '../domain/agent.ts'
import type { Estimate } from '../domain/estimate.ts'
import type { Json } from '../domain/json.ts'
import type { PriceTable } from '../domain/price-table.ts'
import type { EpochCounters, Histogram } from '../domain/statistics.ts'
import { drawAround, drawFrom, mixed } from '../estimator/draw.ts'
import { type Basis, childOf, estimate, type Known } from '../estimator/estimate.ts'
import type { AgentDraws } from '../estimator/simulate.ts'
import { usdOfRun, usdPerSecond } from '../estimator/usage-of-run.ts'
import type { Plan, Ports } from '../ports/index.ts'
import { histogramAt, sumsAt } from '../selector/decayed-counters.ts'
import { expressionIn, expressionsIn, resolveExpressions } from '../workflow/expressions.ts'
import { everyStep } from '../workflow/places.ts'
import { referencesIn } from '../workflow/references.ts'
import {
  EXPECTED_ITEMS,
  EXPECTED_ROUNDS,
  isAgentStep,
  isLoop,
  type Step,
  type Workflow,
} from '../workflow/schema.ts'
import { capabilityOfStep } from '../workflow/step-needs.ts'
import { doingsOf, type KnowledgeNeeds } from './agent-knowledge.ts'

type Needs = KnowledgeNeeds & Pick<Ports, 'prices'>
type Wanted = Pick<Plan, 'bindings' | 'children'> & {
  workflow: Workflow
  input?: Json | undefined
  seed: string
}

/** Of a call of which nothing is known. */
const DEFAULT_SECONDS = 2
/** As many calls is worth what was believed before; as many have to be known to be told as measured. */
const PRIOR_CALLS = 2
const PRIOR_FAILURES = 0.04
const MEASURED_CALLS = 5
/** Workflows in workflows are looked at so deep. */
const MOST_DEPTH = 3

/** What a planned task will take. */
export async function estimatePlan(ports: Needs, wanted: Wanted): Promise<Estimate> {
  const assumptions: string[] = []
  const known = await knownOf(ports, wanted, assumptions)
  return { ...estimate(wanted.workflow.steps, known, { seed: wanted.seed }), assumptions }
}

async function knownOf(ports: Needs, wanted: Wanted, assumptions: string[], depth = 0): Promise<Known> {
  const { workflow, bindings, input } = wanted
  const all = everyStep(workflow.steps)
  const agents = await ports.registry.listAgents()
  const capabilities = new Set(all.flatMap(({ step }) => capabilityOfStep(step) ?? []))
  const bound = new Set(Object.values(bindings).map(({ agentId }) => agentId))
  const able = agents.filter(
    ({ id, status, capabilities: offered }) =>
      bound.has(id) || (status === 'active' && offered.some(({ name }) => capabilities.has(name))),
  )
  const doings = await doingsOf(ports, able)
  const at = ports.clock.now().getTime() / 1_000
  const items = new Map<string, number>()
  const waits = new Map<string, number>()
  for (const { place, step } of all) {
    if (isLoop(step)) assumptions.push(`loop "${place}" goes round ${EXPECTED_ROUNDS} times on average`)
    if ('approval' in step) assumptions.push(`nobody takes time to answer "${place}"`)
    if ('wait' in step) waits.set(place, await secondsOfWait(step.wait, place, input, at, assumptions))
    if (isAgentStep(step) && step.forEach !== undefined)
      items.set(place, await itemsOf(step.forEach, place, input, assumptions))
  }
  const children = await childrenOf(ports, wanted, assumptions, depth)

  return {
    itemsAt: (place) => items.get(place),
    usdOfRun: (steps) => usdOfRun(steps, ports.prices),
    drawsAt(place, step) {
      const child = children.get(place)
      if (child) return { child, basis: 'measured' }
      if (!isAgentStep(step)) return { seconds: () => waits.get(place) ?? 0, basis: 'measured' }
      const order = inOrder(able, step, bindings[place]?.agentId)
      const draws = order.map((agent) => drawsOf(agent, step, doings, at, ports.prices))
      return { agents: draws.map(({ basis: _basis, ...own }) => own), basis: draws[0]?.basis ?? 'assumed' }
    },
  }
}

/** The bound agent, then those that would be asked after it. */
function inOrder(able: readonly Agent[], step: Step, boundId: string | undefined): Agent[] {
  const capability = capabilityOfStep(step)
  const bound = able.filter(({ id }) => id === boundId)
  const others = able.filter(
    ({ id, status, capabilities }) =>
      id !== boundId && status === 'active' && capabilities.some(({ name }) => name === capability),
  )
  return [...bound, ...others]
}

function drawsOf(
  agent: Agent,
  step: Step,
  doings: ReadonlyMap<string, ReadonlyMap<string, EpochCounters[]>>,
  at: number,
  prices: PriceTable,
): AgentDraws & { basis: Basis } {
  const capability = capabilityOfStep(step) ?? agent.capabilities[0]?.name ?? ''
  const own = doings.get(agent.id)?.get(capability) ?? []
  const { count, failures } = sumsAt(own, at)
  // Not seen itself: as long as others take for the same, or as it says.
  const others = [...doings.values()].flatMap((byCapability) => byCapability.get(capability) ?? [])
  const believed =
    agent.typicalSeconds === undefined
      ? (drawFrom(histogramAt(others, at, 'h')) ?? drawAround(DEFAULT_SECONDS))
      : drawAround(agent.typicalSeconds)
  const share = count / (count + PRIOR_CALLS)
  const of = (measure: 'h' | 'c' | 't'): Histogram => histogramAt(own, at, measure)
  const seconds = drawFrom(of('h'))
  const paid = drawFrom(of('c'))
  const tokens = drawFrom(of('t'))
  const { perCallUsd } = agent.price
  const declared = agent.typicalSeconds === undefined ? 'assumed' : 'declared'
  return {
    seconds: seconds ? mixed(share, seconds, believed) : believed,
    usd: paid ? mixed(share, paid, () => perCallUsd) : () => perCallUsd,
    tokens: tokens ? mixed(share, tokens, () => 0) : () => 0,
    usdPerSecond: usdPerSecond(agent.limits.memoryMb, prices),
    failureShare: (failures + PRIOR_FAILURES) / (count + PRIOR_CALLS),
    basis: count >= MEASURED_CALLS ? 'measured' : declared,
  }
}

/** What an expression says that sees nothing but the task's input; undefined where it sees more, or the input is not known. */
async function valueNow(value: unknown, input: Json | undefined): Promise<Json | undefined> {
  const names = expressionsIn(value).flatMap(({ text }) => [...referencesIn(text).variables])
  if (names.some((name) => name !== 'input') || (names.length > 0 && input === undefined)) return undefined
  return resolveExpressions(value, { input }).catch(() => undefined)
}

async function itemsOf(
  forEach: string,
  place: string,
  input: Json | undefined,
  assumptions: string[],
): Promise<number> {
  const list = await valueNow(forEach, input)
  if (Array.isArray(list)) return list.length
  if (list !== undefined && list !== null) return 1
  assumptions.push(`fan-out "${place}" has ${EXPECTED_ITEMS} items`)
  return EXPECTED_ITEMS
}

async function secondsOfWait(
  wait: { seconds: number | string } | { until: string },
  place: string,
  input: Json | undefined,
  at: number,
  assumptions: string[],
): Promise<number> {
  const value = await valueNow('until' in wait ? wait.until : wait.seconds, input)
  const seconds = 'until' in wait ? Date.parse(String(value)) / 1_000 - at : Number(value)
  if (value !== undefined && Number.isFinite(seconds)) return Math.max(0, seconds)
  const asked = expressionIn('until' in wait ? wait.until : wait.seconds) ?? ''
  assumptions.push(`"${place}" does not wait: ${asked} is not known yet`)
  return 0
}

/** The workflows that this one calls, simulated as it is. */
async function childrenOf(ports: Needs, wanted: Wanted, assumptions: string[], depth: number) {
  const found = new Map<string, ReturnType<typeof childOf>>()
  for (const [place, { name, version }] of Object.entries(wanted.children ?? {})) {
    const registered = await ports.registry.findWorkflow(name, version)
    if (!registered || depth >= MOST_DEPTH) {
      assumptions.push(`workflow ${name} ("${place}") takes no time`)
      continue
    }
    const { workflow } = registered
    const own: string[] = []
    const inner = { workflow, bindings: {}, children: callsIn(workflow), seed: wanted.seed }
    found.set(place, childOf(workflow.steps, await knownOf(ports, inner, own, depth + 1)))
    assumptions.push(...own.map((assumption) => `in ${name}: ${assumption}`))
  }
  return found
}

function callsIn({ steps }: Workflow): NonNullable<Plan['children']> {
  return Object.fromEntries(
    everyStep(steps).flatMap(({ place, step }) => {
      if (!('workflow' in step)) return []
      const [name = '', version] = step.workflow.split('@')
      return [[place, version === undefined ? { name } : { name, version: Number(version) }]]
    }),
  )
}
