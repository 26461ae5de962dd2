import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Evaluator, evaluateHere } from '../../shared/workflow/evaluator.ts'
import { startIsolated } from '../../test/support/cloud/isolated.ts'
import { besideBombs } from './beside-bombs.ts'
import { chainOfExpressions } from './chain-of-expressions.ts'

const HELP = `Usage: npm run bench:expressions [-- --url URL] [--json OUT]

What it costs to evaluate expressions in a thread of their own: medians of one evaluation there and in the caller's thread. With the
address of a running local cloud, also the time of a chain of 100 steps with an expression each, by step, and what steps and requests
take while expressions that never end are evaluated in the same agent, one after the other.

  npm run bench:expressions -- --url http://localhost:8000`

const RUNS = 500

const { values } = parseArgs({
  options: { url: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const rows = Array.from({ length: 1_000 }, (_, index) => ({ customer: `c${index % 50}`, amount: index }))
const CASES = [
  { name: 'a sum of two numbers', text: '$input.n + 1', names: { input: { n: 1 } } },
  {
    name: 'a text of four parts',
    text: '"Dear " & $input.name & ", " & $string($input.n)',
    names: { input: { name: 'Ann', n: 3 } },
  },
  {
    name: 'a condition',
    text: '$count($steps.found.rows[amount > 990]) > 3',
    names: { steps: { found: { rows } } },
  },
  {
    name: 'sums of 1,000 rows by customer',
    text: '$input.rows{customer: $sum(amount)}',
    names: { input: { rows } },
  },
]

const isolated = await startIsolated()
const figures = []
for (const { name, text, names } of CASES) {
  const asked = { text, names: JSON.stringify(names) }
  const here = await median(evaluateHere, asked)
  const apart = await median(isolated.evaluator, asked)
  figures.push({ name, here, apart })
  console.log(
    `${name.padEnd(32)} ${here.toFixed(3)} ms here, ${apart.toFixed(3)} ms apart: ${(apart - here).toFixed(3)} ms`,
  )
}
await isolated.stop()
const chain = values.url === undefined ? undefined : await chainOfExpressions(values.url)
if (chain)
  console.log(
    `chain of 100 steps, per step         ${chain.median.toFixed(2)} ms (${chain.min.toFixed(2)} - ${chain.max.toFixed(2)})`,
  )
const beside = values.url === undefined ? undefined : await besideBombs(values.url)
for (const { name, p50, p99, requestP99, tasks } of beside ?? [])
  console.log(
    `${name.padEnd(32)} step p50 ${p50} ms, p99 ${p99} ms; POST p99 ${requestP99} ms (${tasks} tasks)`,
  )
if (values.json) writeFileSync(values.json, `${JSON.stringify({ figures, chain, beside }, null, 2)}\n`)

async function median(evaluator: Evaluator, asked: { text: string; names: string }): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const began = performance.now()
    const answers = await evaluator([asked])
    times.push(performance.now() - began)
    if ('error' in answers) throw new Error(answers.error)
  }
  return times.sort((a, b) => a - b)[RUNS >> 1] ?? 0
}
