import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PRICES, pricesWith } from '../../shared/estimator/prices.ts'
import synthesize, { ASSEMBLY } from '../../test/support/runner/synthesize-once.ts'
import { costPage, type Measured } from './cost-page.ts'
import { measureUsage } from './measure-usage.ts'

const HELP = `Usage: npm run bench:cost [-- --write] [--prices FILE] [--json OUT]

Runs tasks on the local cloud, counts what AWS would charge for, and prints what that costs.
  --write         into docs/explanation/cost.md, and the figures into bench/cost/usage.json
  --prices FILE   prices of your own: JSON with the fields of shared/domain/price-table.ts
  --json OUT      the measured figures`

const { values } = parseArgs({
  options: {
    write: { type: 'boolean' },
    prices: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const prices = values.prices ? pricesWith(JSON.parse(readFileSync(values.prices, 'utf8'))) : PRICES
console.error('synthesizing, then running tasks on the local cloud ...')
synthesize()
const measured: Measured = { tasks: await measureUsage(), alarmMetrics: metricsOfAlarms() }
const page = costPage(measured, prices)
if (values.json) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`)
if (values.write) {
  writeFileSync(join(import.meta.dirname, 'usage.json'), `${JSON.stringify(measured, null, 2)}\n`)
  writeFileSync(join(import.meta.dirname, '../../docs/explanation/cost.md'), page)
} else console.log(page)

/** An alarm is billed by the metrics that it watches. */
function metricsOfAlarms(): number {
  const file = readFileSync(join(ASSEMBLY, 'orchestrator-observability.template.json'), 'utf8')
  const { Resources } = JSON.parse(file) as {
    Resources: Record<string, { Type: string; Properties: { Metrics?: { MetricStat?: object }[] } }>
  }
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .reduce(
      (sum, { Properties: { Metrics } }) =>
        sum + (Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1),
      0,
    )
}
