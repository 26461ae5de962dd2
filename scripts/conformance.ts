import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { conform, hasCases } from '../test/conformance/conform.ts'
import { KNOWN_DIFFERENCES } from '../test/conformance/known-differences.ts'

const HELP = `Usage: npm run conformance -- --cases DIR [--json OUT]

Runs the local Step Functions engine against recordings of AWS (DIR holds match.mjs and cases/).
Exit code 1 when a case failed, 2 for wrong usage.

Example: npm run conformance -- --cases ../shared/sfn-conformance`

const { values } = parseArgs({
  options: { cases: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help || !values.cases || !hasCases(values.cases)) {
  console.error(values.cases && !values.help ? `there are no recordings in ${values.cases}\n\n${HELP}` : HELP)
  process.exit(values.help ? 0 : 2)
}

const { areas, failures, reasons, stale, chains } = await conform(values.cases)
console.table(areas)
for (const { id, differences } of failures) console.log(`FAILED ${id}\n  ${differences.join('\n  ')}`)
for (const [id, reason] of Object.entries(KNOWN_DIFFERENCES))
  console.log(`known difference: ${id}\n  ${reason}`)
for (const [reason, count] of Object.entries(reasons)) console.log(`not applicable: ${count} (${reason})`)
console.log(
  `previous events: ${chains.agree} histories agree, ${chains.differ} differ (not compared by the matcher)`,
)
for (const id of stale) console.log(`listed as a known difference, but it passes: ${id}`)
if (values.json) await writeFile(values.json, `${JSON.stringify({ areas }, null, 2)}\n`)
process.exitCode = failures.length > 0 || stale.length > 0 ? 1 : 0
