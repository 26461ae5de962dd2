import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readOutcomes } from './outcomes.ts'
import { makePolicy, POLICIES } from './policies.ts'
import { runPolicy } from './run-policy.ts'
import { makeWorld, SCENARIOS, type Scenario } from './world.ts'

const HELP = `Usage: npm run bench:selection -- --outcomes FILE [--json OUT] [--seeds N] [--requests N,N] [--policies a,b]

Requests with real outcomes, routed by the production selector and by others, in three made-up worlds. Prints the regret per request
against an oracle that knows every model's mean: smaller is better. 20 seeds, 6,000 and 1,500 requests.`

type PolicyFigure = { policy: string; regret: number; ci95: number }
type ScenarioFigure = { scenario: Scenario; requests: number; policies: PolicyFigure[] }

const { values } = parseArgs({
  options: {
    outcomes: { type: 'string' },
    json: { type: 'string' },
    seeds: { type: 'string', default: '20' },
    requests: { type: 'string', default: '6000,1500' },
    policies: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help || !values.outcomes || !existsSync(values.outcomes)) {
  if (values.outcomes) console.error(`there is no file ${values.outcomes}`)
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
const outcomes = readOutcomes(values.outcomes)
const names = (values.policies?.split(',') ?? Object.keys(POLICIES)).filter((name) => name !== 'oracle')
const scenarios: ScenarioFigure[] = []
for (const requests of values.requests.split(',').map(Number)) {
  for (const scenario of SCENARIOS) {
    const figure = measure(scenario, requests, Number(values.seeds))
    scenarios.push(figure)
    const told = figure.policies.map(
      ({ policy, regret, ci95 }) => `${policy} ${regret.toFixed(4)} +- ${ci95.toFixed(4)}`,
    )
    console.log(`${scenario}, ${requests} requests: ${told.join(', ')}`)
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ scenarios }, null, 2)}\n`)

function measure(scenario: Scenario, requests: number, seeds: number): ScenarioFigure {
  const regrets = new Map<string, number[]>(names.map((name) => [name, []]))
  for (let seed = 1; seed <= seeds; seed++) {
    const world = makeWorld(outcomes, scenario, requests, seed)
    const oracle = runPolicy(world, makePolicy('oracle', world, seed))
    for (const name of names)
      regrets.get(name)?.push(oracle - runPolicy(world, makePolicy(name, world, seed)))
  }
  const policies = [...regrets].map(([policy, of]) => ({ policy, ...meanOf(of) }))
  // The oracle is the baseline of the regret.
  const all = [...policies, { policy: 'oracle', regret: 0, ci95: 0 }]
  return { scenario, requests, policies: all.sort((a, b) => a.regret - b.regret) }
}

function meanOf(values: readonly number[]): { regret: number; ci95: number } {
  const regret = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance =
    values.reduce((sum, value) => sum + (value - regret) ** 2, 0) / Math.max(1, values.length - 1)
  return { regret, ci95: 1.96 * Math.sqrt(variance / values.length) }
}
