import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import type { PlanGraph } from '../workflow-from-graph.ts'
import type { Distribution } from './distribution.ts'
import { measurePlans, type Report } from './measure-plans.ts'

const HELP = `Usage: npm run bench:compiler -- --dags FILE [--json OUT] [--max-steps N]

Compiles every plan of a file ([{name, n, e, w}]: steps, edges [before, after], estimated seconds) and runs what
comes out in the local engine under a virtual clock, with durations of +-50 % around the estimates.

Example: npm run bench:compiler -- --dags ../shared/dags/worfbench.json --json worfbench-report.json`

const PlansSchema = z.array(
  z.object({
    name: z.string(),
    n: z.number().int().min(1),
    e: z.array(z.tuple([z.number().int(), z.number().int()])),
    w: z.array(z.number().positive()),
  }),
)

const { values } = parseArgs({
  options: {
    dags: { type: 'string' },
    json: { type: 'string' },
    'max-steps': { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help || values.dags === undefined) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
const mostSteps = Number(values['max-steps'] ?? Number.POSITIVE_INFINITY)
if (Number.isNaN(mostSteps)) {
  console.error(`--max-steps is a number, not "${values['max-steps']}"`)
  process.exit(2)
}
const all: PlanGraph[] = PlansSchema.parse(JSON.parse(await readFile(values.dags, 'utf8')))
const plans = all.filter(({ n }) => n <= mostSteps)
if (plans.length < all.length)
  console.error(`${all.length - plans.length} plans have more than ${mostSteps} steps`)
const report = await measurePlans(plans, { onPlan: progress })
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
print(report)
if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)

function progress(done: number): void {
  if (process.stderr.isTTY && done % 50 === 0) process.stderr.write(`\r${done} of ${plans.length} plans`)
}

function print({ graphs, refused, seriesParallel, machines, gatesPerStep, ...distributions }: Report): void {
  console.log(
    `${graphs} graphs: ${refused} cyclic (refused), ${seriesParallel} series-parallel, ${machines} machines`,
  )
  console.log(`gates per step, overall      ${gatesPerStep.overall.toPrecision(3)}`)
  for (const [name, distribution] of Object.entries({ ...distributions, gatesPerStep })) {
    const { median, p90, p99, max } = distribution as Distribution
    const figures = [median, p90, p99, max].map((value) => Number(value.toPrecision(4)))
    console.log(
      `${name.padEnd(28)} median ${figures[0]}, p90 ${figures[1]}, p99 ${figures[2]}, max ${figures[3]}`,
    )
  }
}
