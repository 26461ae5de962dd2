import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseAdvisoryList } from './advisories/advisory-list.ts'
import { askNpm } from './advisories/ask-npm.ts'
import { makeReport } from './advisories/make-report.ts'
import { parseProductionPackages } from './advisories/production-packages.ts'

/**
 * Fails when a production dependency in the lock file has a known vulnerability that no written reason accepts.
 * The list in the repository always counts, so the check works offline; npm's registry is asked in addition, and a failure
 * to ask it is reported. How the list is updated: docs/pins.md.
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '.' },
    list: { type: 'string', default: join(import.meta.dirname, 'advisories/advisories.json') },
    'npm-timeout-seconds': { type: 'string', default: '8' },
  },
})
const list = parseAdvisoryList(readFileSync(values.list, 'utf8'))
const packages = parseProductionPackages(readFileSync(join(values.folder, 'package-lock.json'), 'utf8'))
const npm = await askNpm(values.folder, Number(values['npm-timeout-seconds']) * 1_000)
const { lines, failed } = makeReport(list, packages, npm, Date.now())
console.log(lines.join('\n'))
process.exitCode = failed ? 1 : 0
