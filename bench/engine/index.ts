import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import synthesize, { ASSEMBLY } from '../../test/support/runner/synthesize-once.ts'
import { benchBareEngine } from './bare-engine.ts'
import { type Figure, measure, summarize } from './figures.ts'
import { benchLocalCloud } from './local-cloud.ts'
import { benchQueues } from './queues.ts'

const HELP = `Usage: npm run bench:engine [-- --json OUT]

Measures the Step Functions engine alone (in memory and durable) and the whole local cloud, each in a process of its own.
Nothing else should run on the machine meanwhile. Takes about two minutes.`

/** The measurements, each in a process of its own. */
const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  'engine, in memory': () => benchBareEngine(false),
  'engine, durable': () => benchBareEngine(true),
  'local cloud': benchLocalCloud,
  queues: benchQueues,
}

const { values } = parseArgs({
  options: { json: { type: 'string' }, part: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const part = values.part === undefined ? undefined : PARTS[values.part]
await (part ? runPart(part) : runAll())

async function runAll(): Promise<void> {
  synthesize()
  const figures = [...Object.keys(PARTS).flatMap(runInProcess), ...(await benchColdStart())]
  if (values.json) await writeFile(values.json, `${JSON.stringify({ figures }, null, 2)}\n`)
}

/** The child prints its figures as they come; the last line of its output has all of them. */
function runInProcess(name: string): Figure[] {
  const child = spawnSync(process.execPath, ['--expose-gc', import.meta.filename, '--part', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ORCHESTRATOR_POLL_MILLISECONDS: '250' },
  })
  if (child.status !== 0) throw new Error(`the measurement of ${name} failed`)
  return JSON.parse(child.stdout.trim().split('\n').at(-1) ?? '') as Figure[]
}

async function runPart(measurePart: () => Promise<Figure[]>): Promise<void> {
  const figures = await measurePart()
  const [{ stack, durable } = { stack: 'engine', durable: false } as const] = figures
  const megabytes = process.resourceUsage().maxRSS / 1024
  const memory = summarize({ name: 'peak memory of the process', unit: 'MB', stack, durable }, [megabytes])
  console.error(`${memory.name.padEnd(44)} ${megabytes.toFixed(0)} MB`)
  console.log(JSON.stringify([...figures, memory]))
}

/**
 * Each run is a new process, on an assembly that is synthesized and bundled already, without tables. Node caches compiled code
 * between starts, so only the first start of `orchestrator dev` has no cache; both are measured.
 */
async function benchColdStart(): Promise<Figure[]> {
  const subject = { unit: 's', stack: 'local cloud', durable: true } as const
  const start = async (fresh: boolean): Promise<number> => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-cold-'))
    const started = performance.now()
    const child = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'cold-start.ts'), ASSEMBLY, folder],
      {
        encoding: 'utf8',
        env: { ...process.env, ...(fresh ? { NODE_DISABLE_COMPILE_CACHE: '1' } : {}) },
      },
    )
    const seconds = (performance.now() - started) / 1_000
    // Sandboxes end a moment later than the process, and may still write.
    rmSync(folder, { recursive: true, maxRetries: 10 })
    if (!child.stdout.startsWith('200')) throw new Error(`${child.stdout}${child.stderr}`)
    return seconds
  }
  return [
    await measure({ ...subject, name: 'cold start to the first result' }, { warmUp: 2 }, () => start(false)),
    await measure({ ...subject, name: 'the same, with no code compiled before' }, { warmUp: 0 }, () =>
      start(true),
    ),
  ]
}
