/**
 * Messages between agents on the local cloud: how long one takes from `messages.send` to the beginning of its handler while little is going on, and
 * how many a second there are in all when twenty agents send at once.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../shared/domain/random.ts'
import { removeAltered } from '../../test/support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../test/support/cloud/local-api.ts'
import {
  faultsIn,
  type Handled,
  handledIn,
  registerTalkers,
  type Talk,
  talkers,
  talkingAssembly,
  talkWorkflow,
} from '../../test/support/cloud/talking-agents.ts'
import synthesize from '../../test/support/runner/synthesize-once.ts'

const HELP = `Usage: node bench/talk/messages.ts [--agents 20] [--messages 1000] [--json OUT]

Takes about a minute, and a synthesis.`

export type MessagesFigure = {
  sent: number
  lost: number
  /** Handled twice, and after a later one of the same sender. */
  doubled: number
  outOfOrder: number
  /** From send to the beginning of the handler, one message at a time. */
  medianMs: number
  /** All of them, from the first that was sent to the last that was begun. */
  perSecond: number
}

const PACED = 40
const BOUND_MILLISECONDS = 240_000

/** Needs a synthesized assembly (`synthesize-once.ts`). */
export async function benchMessages({ agents = 20, messages = 1_000 } = {}): Promise<MessagesFigure> {
  const folder = mkdtempSync(join(tmpdir(), 'talk-'))
  const api = await startApi({ assembly: await talkingAssembly(agents) })
  try {
    await registerTalkers(api.ask, agents)
    const names = talkers(agents)
    const random = seededRandom('talk')
    const others = (at: number, count: number): string[] =>
      Array.from({ length: count }, () => {
        const pick = Math.floor(random() * (agents - 1))
        return names[pick >= at ? pick + 1 : pick] ?? ''
      })
    const each = Math.ceil(messages / agents)
    const all = names.map((_, at) => others(at, each))
    // The first messages load the functions.
    await talk(api, agents, { log: join(folder, 'warm'), to: (at) => all[at] ?? [] }, each * agents)
    const few = await talk(
      api,
      agents,
      {
        ...{ log: join(folder, 'paced'), pause: 100 },
        to: (at) => (at === 0 ? others(0, PACED) : []),
      },
      PACED,
    )
    const many = await talk(
      api,
      agents,
      { log: join(folder, 'burst'), to: (at) => all[at] ?? [] },
      each * agents,
    )
    const first = Math.min(...many.map(({ sent }) => sent))
    const last = Math.max(...many.map(({ begun }) => begun))
    return {
      sent: each * agents,
      lost: each * agents - new Set(many.map(({ id }) => id)).size,
      ...faultsIn(many),
      medianMs: medianOf(few.map(({ sent, begun }) => begun - sent)),
      perSecond: Math.round((many.length / (last - first)) * 1_000),
    }
  } finally {
    await api.stop()
    removeAltered()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lets the agents send, and waits until so many messages are handled. */
async function talk(api: LocalApi, agents: number, what: Talk, wanted: number): Promise<Handled[]> {
  writeFileSync(what.log, '')
  const { taskId, status, body } = await api.submitOwn(talkWorkflow(agents, what), {})
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`)
  const handled = (): Handled[] => (existsSync(what.log) ? handledIn(what.log) : [])
  for (const until = Date.now() + BOUND_MILLISECONDS; Date.now() < until; await delay(100))
    if (new Set(handled().map(({ id }) => id)).size >= wanted) break
  await api.call('POST', `/tasks/${taskId}/messages`, { to: 'end' })
  await api.ended(taskId)
  return handled()
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      agents: { type: 'string', default: '20' },
      messages: { type: 'string', default: '1000' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) console.log(HELP)
  else {
    await synthesize()
    const figure = await benchMessages({ agents: Number(values.agents), messages: Number(values.messages) })
    console.log(JSON.stringify(figure))
    if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figure))
  }
}
