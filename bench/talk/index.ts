import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import synthesize from '../../test/support/runner/synthesize-once.ts'
import { callbacks } from './callbacks.ts'
import { benchMessages } from './messages.ts'
import { benchState } from './state.ts'
import { suspendedSteps } from './suspended.ts'

const HELP = `Usage: npm run bench:talk [-- --only PART,...] [--steps N] [--json OUT]

What waiting and talking cost, part by part:
  callbacks   every order of what can happen to a suspended step: resumed twice, lost
  suspended   steps (1,000 without --steps) that are suspended on the local cloud: bytes each, and how soon they are resumed
  messages    a thousand messages between twenty agents: lost, handled twice, late; how soon, how many a second
  state       a hundred writers of one key of the shared state, under each policy

Fails where something is lost or happens twice, or a part takes more than it may.`

const MOST_BYTES_EACH = 60_000
const MOST_RESUME_MILLISECONDS = 50
const MOST_MESSAGE_MILLISECONDS = 40
const LEAST_MESSAGES_A_SECOND = 200

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    steps: { type: 'string', default: '1000' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})

/** A part: what it measures, and whether that is what it may be. One file for each. */
const PARTS = {
  callbacks: async () => {
    const report = await callbacks()
    return { report, isRight: report.resumedTwice + report.lost === 0 }
  },
  suspended: async () => {
    const report = await suspendedSteps(Number(values.steps))
    const { bytesEach, resumeMedianMs, lost } = report
    const isRight = lost === 0 && bytesEach <= MOST_BYTES_EACH && resumeMedianMs <= MOST_RESUME_MILLISECONDS
    return { report, isRight }
  },
  messages: async () => {
    const report = await benchMessages()
    const { lost, doubled, outOfOrder, medianMs, perSecond } = report
    const isRight =
      lost + doubled + outOfOrder === 0 &&
      medianMs <= MOST_MESSAGE_MILLISECONDS &&
      perSecond >= LEAST_MESSAGES_A_SECOND
    return { report, isRight }
  },
  state: async () => {
    const report = await benchState()
    return { report, isRight: report.every(({ lost, twice }) => lost + twice === 0) }
  },
} satisfies Record<string, () => Promise<{ report: object; isRight: boolean }>>
type Part = keyof typeof PARTS
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name)

if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const asked = values.only?.split(',') ?? Object.keys(PARTS)
const unknown = asked.filter((name) => !isPart(name))
if (unknown.length > 0) {
  console.error(`--only: there is no part ${unknown.join(', ')}; known: ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}
synthesize()
const report: Record<string, object> = {}
let isRight = true
for (const name of asked.filter(isPart)) {
  const part = await PARTS[name]()
  report[name] = part.report
  isRight &&= part.isRight
  console.log(JSON.stringify({ [name]: part.report }))
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
process.exitCode = isRight ? 0 : 1
