import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import synthesize from '../../test/support/runner/synthesize-once.ts'
import { measureBundles } from './bundles.ts'
import { type Figure, isOverBar, lineOf } from './figure.ts'
import { measureInMemory } from './in-memory.ts'
import { measureLocalCloud } from './local-cloud.ts'

const HELP = `Usage: npm run bench:models [-- --json OUT] [--calls N]

What language models cost beside what the model itself takes: the gate per call, in memory and on the local cloud, where a bundle in its sandbox calls the local
Bedrock, which answers at once by a script (N calls, 200 without it); turns a second of runTools; the time until a watcher sees the first text; bytes and import
time that models add to a bundle. Fails where a figure is over its bar. Nothing else should run on the machine meanwhile. Takes about a minute.`

const { values } = parseArgs({
  options: { json: { type: 'string' }, calls: { type: 'string', default: '200' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const calls = Number(values.calls)
if (!Number.isSafeInteger(calls) || calls < 1)
  throw new Error(`--calls is "${values.calls}"; it must be a whole number from 1`)

const figures: Figure[] = []
const tell = (measured: readonly Figure[]): void => {
  for (const one of measured) console.log(lineOf(one))
  figures.push(...measured)
}
tell(await measureInMemory({ calls, loops: 3 }))
synthesize()
tell(await measureLocalCloud({ calls, loops: 3, watched: 5 }))
tell(await measureBundles(5))
if (values.json) writeFileSync(values.json, `${JSON.stringify({ figures }, null, 2)}\n`)
process.exitCode = figures.some(isOverBar) ? 1 : 0
