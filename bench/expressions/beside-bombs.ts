import { setTimeout as sleep } from 'node:timers/promises'
import { BOMBS } from '../../test/support/random/expression-bombs.ts'
import { call, ended } from './call-api.ts'

const EVERY_MILLISECONDS = 200
const QUIET_MILLISECONDS = 20_000
const WARM_UP = 20

/** Milliseconds: of a step with an expression from start to end, and of `POST /tasks`. */
export type Beside = { name: string; tasks: number; p50: number; p99: number; requestP99: number }

/** The duration of a small step every 200 ms: alone, and while the same agent evaluates each of the costly expressions in turn. */
export async function besideBombs(url: string): Promise<Beside[]> {
  for (let run = 0; run < WARM_UP; run += 1) await ended(url, await submit(url, '$input.n + 1'))
  const alone = await measure(url, 'alone', () => sleep(QUIET_MILLISECONDS))
  const beside = await measure(url, 'beside bombs', async () => {
    for (const bomb of Object.values(BOMBS)) {
      const taskId = await unlessRefused(submit(url, bomb))
      if (taskId) await ended(url, taskId)
    }
  })
  return [alone, beside]
}

async function measure(url: string, name: string, work: () => Promise<unknown>): Promise<Beside> {
  const taskIds: string[] = []
  const requests: number[] = []
  let working = true
  const done = work().finally(() => {
    working = false
  })
  while (working) {
    const began = performance.now()
    taskIds.push(await submit(url, '$input.n + 1'))
    const took = performance.now() - began
    requests.push(took)
    await sleep(Math.max(0, EVERY_MILLISECONDS - took))
  }
  await done
  const steps: number[] = []
  for (const taskId of taskIds) steps.push(await stepMilliseconds(url, taskId))
  return {
    name,
    tasks: taskIds.length,
    p50: at(steps, 0.5),
    p99: at(steps, 0.99),
    requestP99: at(requests, 0.99),
  }
}

async function submit(url: string, text: string): Promise<string> {
  const steps = { s: { capability: 'echo', input: { n: `{% ${text} %}` } } }
  const workflow = { name: 'beside-bombs', steps, output: '{% $steps.s.n %}' }
  const { taskId } = await call<{ taskId: string }>(url, '/tasks', { workflow, input: { n: 0 } })
  return taskId
}

/** Undefined for an expression that is refused at submission because of a forbidden name. */
async function unlessRefused(submitted: Promise<string>): Promise<string | undefined> {
  try {
    return await submitted
  } catch (error) {
    if (String(error).includes(': 422 ')) return undefined
    throw error
  }
}

async function stepMilliseconds(url: string, taskId: string): Promise<number> {
  const { status } = await ended(url, taskId)
  const { steps } = await call<{ steps: { durationMs?: number }[] }>(url, `/tasks/${taskId}/steps`)
  if (status !== 'succeeded') throw new Error(`task ${taskId} beside the bombs ${status}`)
  return steps[0]?.durationMs ?? 0
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
}
