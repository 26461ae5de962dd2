import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { judge } from './judge.ts'
import { type Sample, soak } from './soak.ts'

const HELP = `Usage: npm run bench:soak [-- --minutes N] [--rate N] [--json OUT]

Starts "orchestrator dev" on a new folder, submits N tasks a second to it (12 without it) for some minutes (10 without it): simple
ones, every fifth with expressions, every twentieth a fan-out. Prints each half minute how long POST /tasks takes and what memory,
logs and data there are. Fails where memory goes on growing after the second minute, logs pass their bound, or a task is refused
or lost.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '12' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
if (!(minutes > 0 && rate > 0)) {
  console.error(`--minutes and --rate are numbers above 0; these are ${values.minutes} and ${values.rate}`)
  process.exit(2)
}
console.log('   time   tasks    p50    p99    main MB   all MB  processes  logs MB  data MB')
const report = await soak({ minutes, rate, onSample: print })
const problems = judge(report)
const outcome = { ...report, problems }
console.log(JSON.stringify({ ...outcome, samples: undefined }))
if (values.json) writeFileSync(values.json, `${JSON.stringify(outcome, null, 2)}\n`)
process.exitCode = problems.length > 0 ? 1 : 0

function print({ seconds, tasks, p50, p99, mainMb, allMb, processes, logsMb, dataMb }: Sample): void {
  const columns: [number, number][] = [
    [tasks, 8],
    [p50, 7],
    [p99, 7],
    [mainMb, 11],
    [allMb, 9],
    [processes, 11],
    [logsMb, 9],
    [dataMb, 9],
  ]
  console.log(
    `${String(seconds).padStart(5)} s${columns.map(([value, width]) => String(Math.round(value)).padStart(width)).join('')}`,
  )
}
