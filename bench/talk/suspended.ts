import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jobServer, type Told } from '../../test/support/agents/job-server.ts'
import { removeAltered, replaceAgent } from '../../test/support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../test/support/cloud/local-api.ts'

export type SuspendedSteps = {
  count: number
  /** Growth of the process's resident memory, by step. */
  bytesEach: number
  /** From the answer of an outside job to the next call of the agent, sent one after the other. */
  resumeMedianMs: number
  /** Share of a core that the cloud takes while all are suspended. */
  coreMeanwhile: number
  lost: number
}

const AGENT = join(import.meta.dirname, '../../test/support/agents/job-agent.ts')
const STEPS_OF_TASK = 50
const BOUND_MILLISECONDS = 180_000
const LOOK_MILLISECONDS = 5_000
const WARM_UP = 100

/** Steps that are suspended on the local cloud, whose outside is a server of this process. */
export async function suspendedSteps(count: number): Promise<SuspendedSteps> {
  let onTold = (_told: Told): void => {}
  const outside = await jobServer((told) => onTold(told))
  const api = await startApi({ assembly: await replaceAgent('http', AGENT) })
  try {
    await all(api, outside, WARM_UP)
    const before = await memory()
    const urls = await begin(api, outside, count)
    // What the last steps have begun ends first.
    await sleep(LOOK_MILLISECONDS)
    const bytesEach = Math.round(((await memory()) - before) / count)
    const cpu = process.cpuUsage()
    await sleep(LOOK_MILLISECONDS)
    const { user, system } = process.cpuUsage(cpu)
    const took: number[] = []
    for (const url of urls) {
      const resumed = new Promise<void>((resolve) => {
        onTold = (told) => {
          if (told.resumed) resolve()
        }
      })
      const sent = performance.now()
      await Promise.all([outside.answer(url, { output: 1 }), resumed])
      took.push(performance.now() - sent)
    }
    return {
      count,
      bytesEach,
      resumeMedianMs: Math.round(took.sort((a, b) => a - b)[took.length >> 1] ?? Number.NaN),
      coreMeanwhile: Number(((user + system) / 1_000 / LOOK_MILLISECONDS).toFixed(3)),
      lost: count - took.length,
    }
  } finally {
    await api.stop()
    outside.stop()
    removeAltered()
  }
}

type Outside = Awaited<ReturnType<typeof jobServer>>

/** Suspends steps; returns the addresses of their callbacks. */
async function begin(api: LocalApi, outside: Outside, count: number): Promise<string[]> {
  const from = outside.told.length
  const begun = (): string[] => outside.told.slice(from).flatMap(({ callback }) => callback?.url ?? [])
  for (let left = count; left > 0; left -= STEPS_OF_TASK) {
    const steps = Object.fromEntries(
      Array.from({ length: Math.min(left, STEPS_OF_TASK) }, (_, at) => [
        `s${at}`,
        { capability: 'http.job', input: { url: outside.url, input: at } },
      ]),
    )
    const { status, body } = await api.submitOwn({ name: 'suspended', steps })
    if (status !== 202) throw new Error(JSON.stringify(body))
    // One task after the other: as many sandboxes as before the measurement, and no more.
    await until(() => begun().length >= count - left + Math.min(left, STEPS_OF_TASK))
  }
  return begun()
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + BOUND_MILLISECONDS; !isSo(); ) {
    if (Date.now() > end) throw new Error('the steps were not suspended in time')
    await sleep(20)
  }
}

/** Suspends and answers steps, so that code that is loaded late is not measured. */
async function all(api: LocalApi, outside: Outside, count: number): Promise<void> {
  for (const url of await begin(api, outside, count)) await outside.answer(url, { output: 1 })
  await sleep(LOOK_MILLISECONDS)
}

/** After what is not needed was collected, where the process may ask for that. */
async function memory(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    await sleep(100)
  }
  return process.memoryUsage().rss
}
