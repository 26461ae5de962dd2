import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startApi } from '../../test/support/cloud/local-api.ts'
import synthesize from '../../test/support/runner/synthesize-once.ts'
import { submitMany } from './submit-many.ts'

const HELP = `Usage: npm run bench:load [-- --clients N] [--tasks N] [--json OUT]

Clients (20 without it) submit tasks (1,000 together without it) of the workflow "simple" to the local cloud, one after the other each,
every tenth request sent twice at once with one Idempotency-Key. Prints how long POST /tasks takes, and whether a task was lost or
doubled: then it fails.`

const MOST_P50_MILLISECONDS = 150
/** Tasks before the measurement, so that compilation is not measured. */
const WARM_UP = 150

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '20' },
    tasks: { type: 'string', default: '1000' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
synthesize()
const api = await startApi()
try {
  const report = await submitMany(api, {
    clients: Number(values.clients),
    tasks: Number(values.tasks),
    warmUp: WARM_UP,
  })
  console.log(JSON.stringify(report))
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  const { lost, doubled, failed, p50 } = report
  process.exitCode = lost + doubled + failed > 0 || p50 > MOST_P50_MILLISECONDS ? 1 : 0
} finally {
  await api.stop()
}
