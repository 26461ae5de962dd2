import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, type Metafile } from 'esbuild'
import { bundlingOf } from '../../infra/bundle-functions.ts'
import { loadCatalogue } from '../../infra/load-catalogue.ts'
import { importTime } from './import-time.ts'

const HELP = `Usage: npm run bench:bundles [-- --json OUT] [--runs N]

The bundle of each function: its size, how long it takes to import in a process of its own (median of N, 5 without it; an empty
module's time taken off), and the packages that fill it most. Fails when a bundle is larger than ${2.2} MB (code-check 8.5, which has TypeScript in it; code-run 2.5, which has QuickJS) or the API takes 200 ms.`

const MOST_BYTES = 2_200_000
/** Bundles that bring an engine along. */
const MOST_BYTES_OF: Readonly<Record<string, number>> = {
  'agent-code-check': 8_500_000,
  'agent-code-run': 2_500_000,
}
const MOST_API_MILLISECONDS = 200
const TOLD_PACKAGES = 4

type Bundle = { name: string; bytes: number; importMs: number; packages: [name: string, bytes: number][] }

const { values } = parseArgs({
  options: { json: { type: 'string' }, runs: { type: 'string', default: '5' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'bundles-'))
try {
  const bundles = await measure(folder, Number(values.runs))
  for (const bundle of bundles) console.log(lineOf(bundle))
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ bundles }, null, 2)}\n`)
  const wrong = bundles.filter(
    ({ name, bytes, importMs }) =>
      bytes > (MOST_BYTES_OF[name] ?? MOST_BYTES) || (name === 'api' && importMs > MOST_API_MILLISECONDS),
  )
  for (const bundle of wrong) console.error(`over its bar: ${bundle.name}`)
  process.exitCode = wrong.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(outdir: string, runs: number): Promise<Bundle[]> {
  const { metafile } = await build({ ...bundlingOf(await loadCatalogue(), outdir), metafile: true })
  const empty = join(outdir, 'empty.mjs')
  writeFileSync(empty, '')
  const nothing = importTime(empty, runs)
  return Object.entries(metafile.outputs)
    .filter(([path]) => path.endsWith('.mjs'))
    .map(([path, output]) => ({
      name: basename(dirname(path)),
      bytes: output.bytes,
      importMs: importTime(join(outdir, basename(dirname(path)), basename(path)), runs) - nothing,
      packages: packagesIn(output).slice(0, TOLD_PACKAGES),
    }))
    .sort((a, b) => b.bytes - a.bytes)
}

/** Bytes of the output by package of origin, in descending order. */
function packagesIn({ inputs }: Metafile['outputs'][string]): [string, number][] {
  const sums = new Map<string, number>()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'our own code'
    sums.set(name, (sums.get(name) ?? 0) + bytesInOutput)
  }
  return [...sums].sort(([, a], [, b]) => b - a)
}

function lineOf({ name, bytes, importMs, packages }: Bundle): string {
  const filled = packages.map(([of, size]) => `${of} ${kb(size)}`).join(', ')
  return `${name.padEnd(17)} ${kb(bytes).padStart(8)}  ${importMs.toFixed(0).padStart(4)} ms  ${filled}`
}

function kb(bytes: number): string {
  return `${(bytes / 1_000).toFixed(0)} KB`
}
