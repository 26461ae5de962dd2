import { estimatePlan } from '../../shared/app/estimates/estimate-plan.ts'
import type { Agent } from '../../shared/domain/agent.ts'
import type { Estimate } from '../../shared/domain/estimate.ts'
import { type Random, seededRandom } from '../../shared/domain/random.ts'
import type { EpochCounters } from '../../shared/domain/statistics.ts'
import { PRICES } from '../../shared/estimator/prices.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { portsWith } from '../../test/support/stores/ports-with.ts'
import { makeRandomPlan, type RandomPlan } from './random-plan.ts'
import { makeTrueAgent, observe, type TrueAgent } from './random-world.ts'
import { runPlan } from './run-plan.ts'

export type Calibration = {
  plans: number
  tasks: number
  time: { underP50: number; underP90: number; underP99: number }
  cost: { underP50: number; underP90: number }
  failed: number
  predictedFailed: number
}

const NOW = 1_790_000_000
const CAPABILITIES = 8
const [LEAST_CALLS, MOST_CALLS] = [30, 300]

/** Generates plans with known agents, estimates them from observed statistics, and runs them. */
export async function calibrate({ plans, tasks }: { plans: number; tasks: number }): Promise<Calibration> {
  const counts = { tasks: 0, p50: 0, p90: 0, p99: 0, usd50: 0, usd90: 0, failed: 0, predicted: 0 }
  for (let at = 0; at < plans; at++) {
    const random = seededRandom(`plan ${at}`)
    const world = makeWorld(random)
    const plan = makeRandomPlan(random, CAPABILITIES)
    const estimate = await estimatePlan(world.ports, {
      ...plan,
      bindings: bindingsOf(plan, world.agents),
      decisions: [],
      seed: `${at}`,
    })
    counts.predicted += (1 - estimate.successRate) * tasks
    for (let task = 0; task < tasks; task++) count(counts, estimate, runPlan(plan, world.agentsOf, random))
  }
  const ended = counts.tasks
  return {
    plans,
    tasks: ended,
    time: { underP50: counts.p50 / ended, underP90: counts.p90 / ended, underP99: counts.p99 / ended },
    cost: { underP50: counts.usd50 / ended, underP90: counts.usd90 / ended },
    failed: counts.failed / (plans * tasks),
    predictedFailed: counts.predicted / (plans * tasks),
  }
}

type Counts = Record<'tasks' | 'p50' | 'p90' | 'p99' | 'usd50' | 'usd90' | 'failed' | 'predicted', number>

function count(counts: Counts, { seconds, usd }: Estimate, ran: ReturnType<typeof runPlan>): void {
  if (ran.failed) {
    counts.failed += 1
    return
  }
  counts.tasks += 1
  counts.p50 += Number(ran.seconds <= seconds.p50)
  counts.p90 += Number(ran.seconds <= seconds.p90)
  counts.p99 += Number(ran.seconds <= seconds.p99)
  counts.usd50 += Number(ran.usd <= usd.p50)
  counts.usd90 += Number(ran.usd <= usd.p90)
}

/** Two agents for each capability; the first is bound, the second is its fallback. */
export function makeWorld(random: Random, capabilities = CAPABILITIES) {
  const agents = Array.from({ length: 2 * capabilities }, (_, at) =>
    makeTrueAgent(random, `agent-${at}`, `work.c${at % capabilities}`),
  )
  const seen = new Map<string, EpochCounters[]>(
    agents.map((agent) => {
      const calls = Math.round(LEAST_CALLS + (MOST_CALLS - LEAST_CALLS) * random())
      return [agent.id, observe(agent, calls, NOW, random)]
    }),
  )
  const ports = portsWith<Ports>({
    agents: { listAgents: async () => agents.map(registered) },
    workflows: { findWorkflow: async () => undefined },
    statistics: {
      find: async (subjects) => subjects.map(({ agentId }) => seen.get(agentId) ?? []),
    },
    clock: { now: () => new Date(NOW * 1_000) },
    prices: PRICES,
  })
  const agentsOf = (capability: string): TrueAgent[] =>
    agents.filter((agent) => agent.capability === capability)
  return { agents, agentsOf, ports }
}

function registered({ id, capability }: TrueAgent): Agent {
  return {
    id,
    version: '1.0.0',
    description: '',
    capabilities: [{ name: capability, description: '', inputSchema: {}, outputSchema: {} }],
    limits: { timeoutSeconds: 800, memoryMb: 512 },
    price: { perCallUsd: 0 },
    tags: [],
    status: 'active',
    functionArn: `arn:${id}`,
    origin: 'deployment',
    registeredAt: '',
  }
}

function bindingsOf({ workflow }: RandomPlan, agents: readonly TrueAgent[]) {
  return Object.fromEntries(
    Object.entries(workflow.steps).map(([id, step]) => {
      const capability = 'capability' in step ? step.capability : undefined
      const agent = agents.find((one) => one.capability === capability)
      return [id, { functionArn: '', agentId: agent?.id ?? '', version: '1.0.0' }]
    }),
  )
}
