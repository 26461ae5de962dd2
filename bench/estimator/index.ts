import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { calibrate } from './calibrate.ts'
import { timeEstimate } from './time-estimate.ts'

const HELP = `Usage: npm run bench:estimator [-- --json OUT] [--plans N] [--tasks N]

How well estimates hold: random plans whose agents' times, costs and failures come from known distributions. The estimator sees only what the
agents have done so far, through the production statistics; then each plan is run many times. Prints the share of runs that stayed below
the predicted p50 and p90 of time and money (.50 and .90 would be perfect), and how long an estimate takes.`

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    plans: { type: 'string', default: '200' },
    tasks: { type: 'string', default: '50' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const calibration = await calibrate({ plans: Number(values.plans), tasks: Number(values.tasks) })
const { tasks, plans, time, cost } = calibration
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
console.log(`${plans} random plans, ${tasks} tasks that succeeded`)
console.log(
  `time under p50 in ${percent(time.underP50)}, under p90 in ${percent(time.underP90)}, under p99 in ${percent(time.underP99)}`,
)
console.log(`cost under p50 in ${percent(cost.underP50)}, under p90 in ${percent(cost.underP90)}`)
console.log(
  `tasks that fail: ${percent(calibration.failed)}, predicted ${percent(calibration.predictedFailed)}`,
)
const speed = await timeEstimate()
console.log(
  `2,000 samples of a plan of 50 steps: ${speed.medianMilliseconds.toFixed(1)} ms (median of ${speed.runs}, best ${speed.leastMilliseconds.toFixed(1)} ms)`,
)
const missed = [
  ...[time.underP50, cost.underP50].map((share) => Math.abs(share - 0.5) <= 0.05),
  ...[time.underP90, cost.underP90].map((share) => Math.abs(share - 0.9) <= 0.04),
  speed.medianMilliseconds < 50,
].some((held) => !held)
if (missed) {
  console.log('missed: half below p50 (5 % more or less), nine in ten below p90 (4 %), an estimate in 50 ms')
  process.exitCode = 1
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...calibration, speed }, null, 2)}\n`)
