import type { Agent } from '../../shared/domain/agent.ts'
import { beta, type Random, seededRandom } from '../../shared/domain/random.ts'
import { chooseAgent, type Knowledge } from '../../shared/selector/choose-agent.ts'
import { MemoryBreakers } from './memory-breakers.ts'
import { MemoryStatistics } from './memory-statistics.ts'
import { type Policy, runPolicy } from './run-policy.ts'
import type { Request, Result, World } from './world.ts'

type MakePolicy = (world: World, random: Random) => Policy

const COST = 0.15 / 0.0005
const LATENCY = 0.15
const REFERENCE_SECONDS = 8
const EPSILON = 0.05
const EWMA_SECONDS = 10
/** The assumed length of a prompt before any was seen. */
const USUAL_TOKENS = 250

/** Our policy and common alternatives; the oracle knows the true expectations. */
export const POLICIES: Readonly<Record<string, MakePolicy>> = {
  orchestrator: (world, random) => {
    const statistics = new MemoryStatistics()
    const breakers = new MemoryBreakers()
    const agents = world.models.map((_, model) => agentOf(world, model))
    const run = String(random())
    /** The expected utility of each call at its start. */
    const expected = new Map<Request, number | undefined>()
    let calls = 0
    return {
      choose(request, models, inflight) {
        const held = breakers.refused(models, request.at)
        const selection = chooseAgent({
          stepId: 's',
          capability: taskOf(request),
          agents: models.map((model) => agents[model] as Agent),
          knowledge: new Map(
            models.map((model): [string, Knowledge] => [
              String(model),
              {
                sums: statistics.of(taskOf(request), String(model), request.at),
                overall: statistics.overall(String(model), request.at),
                inflight: inflight[model] ?? 0,
                ...(held.has(model) ? { refusal: 'has failed again and again' } : {}),
              },
            ]),
          ),
          seed: `${run} ${calls++}`,
        })
        if (!selection.agent) throw new Error('nobody is left')
        expected.set(request, selection.decision.expectedQuality)
        const chosen = Number(selection.agent.id)
        breakers.begin(chosen, request, request.at)
        return chosen
      },
      learn(model, request, { quality, failed, seconds, costUsd }, at) {
        const mean = expected.get(request)
        expected.delete(request)
        const residual = mean === undefined ? 0 : quality - mean
        const outcome = { quality, residual, failed, latencySeconds: seconds, costUsd }
        const tally = statistics.add(taskOf(request), String(model), outcome, at)
        const { count, failures } = statistics.of(taskOf(request), String(model), at)
        const lately = { failures: failures / count, calls: count, tally }
        breakers.end(model, request, { succeeded: !failed, lately }, at)
      },
    }
  },
  oracle: (world) => ({
    choose: (request, models, inflight) =>
      best(models, (model) => world.expected(model, request, inflight[model] ?? 0)),
  }),
  random: (_world, random) => ({
    choose: (_request, models) => models[Math.floor(random() * models.length)] ?? 0,
  }),
  'round robin': () => {
    let next = 0
    return { choose: (_request, models) => models[next++ % models.length] ?? 0 }
  },
  'least cost': (world) => ({
    choose: (request, models) => best(models, (model) => -world.costOf(model, request)),
  }),
  'static best': (world) => {
    const only = (model: number): Policy => ({
      choose: (_request, models) => (models.includes(model) ? model : (models[0] ?? 0)),
    })
    const chosen = best(
      world.models.map((_, model) => model),
      (model) => runPolicy(world, only(model)),
    )
    return only(chosen)
  },
  'weighted score': (world) => {
    const { statistics, learn } = learning()
    return {
      choose(request, models) {
        const known = models.map((model) => statistics.of(taskOf(request), String(model), request.at))
        const success = known.map(({ quality, count }) => (quality + 1) / (count + 2))
        const seconds = known.map(({ latencySeconds, count }) => (latencySeconds + 2) / (count + 1))
        const costs = models.map((model) => world.costOf(model, request))
        const [most, fastest, cheapest] = [Math.max(...success), Math.min(...seconds), Math.min(...costs)]
        return best(models, (model) => {
          const at = models.indexOf(model)
          return (
            (0.5 * (success[at] ?? 0)) / most +
            (0.3 * fastest) / (seconds[at] ?? 1) +
            (0.2 * cheapest) / (costs[at] ?? 1)
          )
        })
      },
      learn,
    }
  },
  'P2C peak EWMA': (world, random) => {
    const known = world.models.map(() => ({ seconds: 1, at: 0 }))
    return {
      choose(_request, models, inflight) {
        const two = [0, 0].map(() => models[Math.floor(random() * models.length)] ?? 0)
        return best(two, (model) => -(known[model]?.seconds ?? 0) * ((inflight[model] ?? 0) + 1))
      },
      learn(model, _request, { seconds }, at) {
        const before = known[model] ?? { seconds, at }
        const kept = Math.exp(-(at - before.at) / EWMA_SECONDS)
        const smoothed = seconds > before.seconds ? seconds : before.seconds * kept + seconds * (1 - kept)
        known[model] = { seconds: smoothed, at }
      },
    }
  },
  'epsilon greedy': (world, random) => {
    const { learn, value } = valuing(world)
    return {
      choose(request, models, inflight) {
        if (random() < EPSILON) return models[Math.floor(random() * models.length)] ?? 0
        return best(models, (model) => value(request, model, inflight))
      },
      learn,
    }
  },
  UCB1: (world) => {
    const { learn, value, statistics } = valuing(world)
    return {
      choose(request, models, inflight) {
        const counts = models.map((model) => statistics.of(taskOf(request), String(model), request.at).count)
        const all = counts.reduce((sum, count) => sum + count, 0)
        return best(models, (model) => {
          const count = counts[models.indexOf(model)] ?? 0
          return value(request, model, inflight) + Math.sqrt((2 * Math.log(all + 1)) / (count + 1))
        })
      },
      learn,
    }
  },
  Thompson: (world, random) => {
    const { learn, value } = valuing(world, (quality, count) =>
      beta(quality + 1, Math.max(0, count - quality) + 1, random),
    )
    return {
      choose: (request, models, inflight) => best(models, (model) => value(request, model, inflight)),
      learn,
    }
  },
  greedy: (world) => {
    const { learn, value } = valuing(world)
    return {
      choose: (request, models, inflight) => best(models, (model) => value(request, model, inflight)),
      learn,
    }
  },
}

export function makePolicy(name: string, world: World, seed: number): Policy {
  const make = POLICIES[name]
  if (!make) throw new Error(`there is no policy "${name}"; known: ${Object.keys(POLICIES).join(', ')}`)
  return make(world, seededRandom(`${name} ${seed}`))
}

const taskOf = ({ task }: Request): string => String(task)

/** A model as a registered agent; its price is that of a request of usual length. */
function agentOf(world: World, model: number): Agent {
  const name = (task: number): Agent['capabilities'][number] => {
    return { name: String(task), description: '', inputSchema: {}, outputSchema: {} }
  }
  return {
    id: String(model),
    version: '1.0.0',
    description: '',
    capabilities: world.tasks.map((_, task) => name(task)),
    limits: { timeoutSeconds: 60, memoryMb: 512, maxConcurrency: world.caps[model] ?? 1 },
    price: { perCallUsd: world.costOf(model, { tokens: USUAL_TOKENS }) },
    tags: [],
    status: 'active',
    functionArn: '',
    origin: 'deployment',
    registeredAt: '',
  }
}

/** The statistics of the production code, updated with each outcome. */
function learning() {
  const statistics = new MemoryStatistics()
  const learn = (
    model: number,
    request: Request,
    { quality, seconds, costUsd, failed }: Result,
    at: number,
  ): void => {
    const outcome = { quality, residual: 0, failed, latencySeconds: seconds, costUsd }
    statistics.add(taskOf(request), String(model), outcome, at)
  }
  return { statistics, learn }
}

/** The same utility function for policies that learn each pair of model and task separately. */
function valuing(
  world: World,
  believe = (quality: number, count: number): number => (quality + 1) / (count + 2),
) {
  const { statistics, learn } = learning()
  const value = (request: Request, model: number, inflight: readonly number[]): number => {
    const { quality, count } = statistics.of(taskOf(request), String(model), request.at)
    const overall = statistics.overall(String(model), request.at)
    const seconds = (overall.latencySeconds + 2) / (overall.count + 1)
    const loaded = seconds * Math.max(1, ((inflight[model] ?? 0) + 1) / (world.caps[model] ?? 1))
    return (
      believe(quality, count) -
      COST * world.costOf(model, request) -
      LATENCY * Math.min(loaded / REFERENCE_SECONDS, 2)
    )
  }
  return { statistics, learn, value }
}

function best(models: readonly number[], value: (model: number) => number): number {
  let [chosen, most] = [models[0] ?? 0, Number.NEGATIVE_INFINITY]
  for (const model of models) {
    const own = value(model)
    if (own > most) [chosen, most] = [model, own]
  }
  return chosen
}
