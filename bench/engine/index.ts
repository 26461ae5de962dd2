import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import synthesize, { ASSEMBLY } from '../../test/support/synthesize-once.ts'
import { benchBareEngine } from './bare-engine.ts'
import { type Figure, measure } from './figures.ts'
import { benchLocalCloud } from './local-cloud.ts'

const HELP = `Usage: npm run bench:engine [-- --json OUT]

Measures the Step Functions engine alone (in memory and durable) and the whole local cloud.
Nothing else should run on the machine meanwhile. Takes about two minutes.`

const { values } = parseArgs({ options: { json: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

synthesize()
const figures: Figure[] = [
  ...(await benchBareEngine(false)),
  ...(await benchBareEngine(true)),
  ...(await benchLocalCloud()),
  await benchColdStart(),
  peakMemory(),
]
if (values.json) await writeFile(values.json, `${JSON.stringify({ figures }, null, 2)}\n`)

/** A process of its own each time, on an assembly that is synthesized and bundled already, its tables not yet made. */
async function benchColdStart(): Promise<Figure> {
  const subject = {
    name: 'cold start to the first result',
    unit: 's',
    stack: 'local cloud',
    durable: true,
  } as const
  return measure(subject, {}, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-cold-'))
    const started = performance.now()
    const child = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'cold-start.ts'), ASSEMBLY, folder],
      {
        encoding: 'utf8',
      },
    )
    const seconds = (performance.now() - started) / 1_000
    rmSync(folder, { recursive: true })
    if (!child.stdout.startsWith('200')) throw new Error(`${child.stdout}${child.stderr}`)
    return seconds
  })
}

function peakMemory(): Figure {
  const megabytes = process.resourceUsage().maxRSS / 1024
  console.log(`peak memory of this process, all of the above ${megabytes.toFixed(0)} MB`)
  const subject = {
    name: 'peak memory of the bench process',
    unit: 'MB',
    stack: 'local cloud',
    durable: true,
  } as const
  return { ...subject, runs: 1, median: megabytes, min: megabytes, max: megabytes }
}
