/** Runs one program by `runCode` in a process of its own, and prints what it took: `node attack-sandbox.ts '{"code": ...}'`. */
import { runCode } from '../../../functions/agents/code-run/run-code.ts'
import { RunSchema } from '../../../functions/agents/code-run/schemas.ts'

const { signal } = new AbortController()
const input = RunSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const before = process.resourceUsage().maxRSS / 1_024
const startedAt = performance.now()
const ran = await runCode(input, signal)
const seconds = (performance.now() - startedAt) / 1_000
const peakMb = process.resourceUsage().maxRSS / 1_024
const next = await runCode(RunSchema.parse({ code: 'return [1, 2, 3].map((n) => n * 2)' }), signal)
const typed = await runCode(
  RunSchema.parse({ language: 'typescript', code: 'export default (3 satisfies number) as number' }),
  signal,
)
console.log(JSON.stringify({ ran, seconds, before, peakMb, next, typed }))
process.exit(0)
