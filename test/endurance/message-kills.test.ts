import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../shared/domain/random.ts'
import { removeAltered } from '../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'
import {
  faultsIn,
  handledIn,
  registerTalkers,
  talkers,
  talkingAssembly,
  talkWorkflow,
} from '../support/cloud/talking-agents.ts'

/** As the issue asks for it: ORCHESTRATOR_TALKERS=20 ORCHESTRATOR_MESSAGES=1000 ORCHESTRATOR_KILLS=20. */
const AGENTS = Number(process.env.ORCHESTRATOR_TALKERS ?? 6)
const MESSAGES = Number(process.env.ORCHESTRATOR_MESSAGES ?? 180)
const KILLS = Number(process.env.ORCHESTRATOR_KILLS ?? 4)
const SEED = process.env.ORCHESTRATOR_SEED ?? 'talk'
const TARGET = join(import.meta.dirname, '../support/cloud/talk-target.ts')
const BOUND_MILLISECONDS = 60_000 + MESSAGES * 300 + KILLS * 10_000

/** A process with the cloud, until it is killed; what it is to do goes on in the next one. */
async function live(assembly: string, folder: string, life: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [TARGET, assembly, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const url = await upOf(child, () => errors)
  await life(url)
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if (child.exitCode !== null) throw new Error(`it ended by itself with ${child.exitCode}: ${errors}`)
}

async function upOf(child: ChildProcess, errors: () => string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  child.stdout?.on('data', (chunk) => {
    text += String(chunk)
    const [, url] = /^up (\S+)\n/m.exec(text) ?? []
    if (url !== undefined) resolve(url)
  })
  child.on('exit', () => reject(new Error(`it ended before it was up: ${errors()}`)))
  return promise
}

describe(`${MESSAGES} messages between ${AGENTS} agents, on a cloud that is killed ${KILLS} times (seed ${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'talk-kills-'))
  const log = join(folder, 'handled')
  const random = seededRandom(SEED)
  const each = Math.ceil(MESSAGES / AGENTS)
  const names = talkers(AGENTS)
  const plan = names.map((_, at) =>
    Array.from({ length: each }, () => {
      const pick = Math.floor(random() * (AGENTS - 1))
      return names[pick >= at ? pick + 1 : pick] ?? ''
    }),
  )
  let api: LocalApi
  let taskId = ''

  beforeAll(async () => {
    const assembly = await talkingAssembly(AGENTS)
    const data = join(folder, 'data')
    const submit = async (url: string): Promise<void> => {
      const response = await fetch(`${url}/api/v1/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'talk' },
        body: JSON.stringify({
          workflow: talkWorkflow(AGENTS, { log, to: (at) => plan[at] ?? [], pause: 20 }),
          input: {},
        }),
      })
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
      taskId = String(((await response.json()) as { taskId: string }).taskId)
    }
    const first = await startApi({ assembly, dataFolder: data })
    await registerTalkers(first.ask, AGENTS)
    await first.stop()
    await live(assembly, data, async (url) => {
      await submit(url)
      await delay(500 + random() * 2_000)
    })
    for (let kills = 1; kills < KILLS; kills++)
      await live(assembly, data, () => delay(300 + random() * 3_000))
    api = await startApi({ assembly, dataFolder: data })
    for (const until = Date.now() + BOUND_MILLISECONDS; Date.now() < until; await delay(500)) {
      await api.reconcile()
      if (existsSync(log) && new Set(handledIn(log).map(({ id }) => id)).size >= each * AGENTS) break
    }
    // What was handled twice would come now.
    await api.reconcile()
    await delay(1_000)
  }, BOUND_MILLISECONDS + 120_000)
  afterAll(async () => {
    await api?.stop()
    removeAltered()
    rmSync(folder, { recursive: true, force: true })
  })

  it('loses none, handles none twice, and keeps the order of each sender for each recipient (delivery/L1, delivery/L2, delivery/L4)', async () => {
    const handled = handledIn(log)
    expect(new Set(handled.map(({ id }) => id)).size).toBe(each * AGENTS)
    expect(faultsIn(handled)).toEqual({ doubled: 0, outOfOrder: 0 })
  })

  it('has settled each of them, and set none aside', async () => {
    const statuses: string[] = []
    let cursor: string | undefined
    do {
      const page = await api.ask('listMessages', { id: taskId, limit: 100, ...(cursor ? { cursor } : {}) })
      statuses.push(...page.messages.map(({ status }) => status))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(new Set(statuses)).toEqual(new Set(['handled']))
    expect(statuses).toHaveLength(each * AGENTS)
  })
})
