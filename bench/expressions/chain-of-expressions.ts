import { type Figure, summarize } from '../engine/figures.ts'
import { call, ended } from './call-api.ts'

const STEPS = 100
const RUNS = 9
const WARM_UP = 3

/** Milliseconds per step of a task with 100 steps, each of which evaluates an expression about the previous one. */
export async function chainOfExpressions(url: string): Promise<Figure> {
  const inputs = Array.from({ length: STEPS }, (_, at) =>
    at === 0 ? '$input.n + 1' : `$steps.s${at - 1}.n + 1`,
  )
  const steps = Object.fromEntries(
    inputs.map((text, at) => [`s${at}`, { capability: 'echo', input: { n: `{% ${text} %}` } }]),
  )
  const workflow = { name: 'chain-of-expressions', steps, output: `{% $steps.s${STEPS - 1}.n %}` }
  const times: number[] = []
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const { taskId } = await call<{ taskId: string }>(url, '/tasks', { workflow, input: { n: 0 } })
    const { status, durationMs, error } = await ended(url, taskId)
    if (status !== 'succeeded') throw new Error(`the chain ${status}: ${JSON.stringify(error)}`)
    if (run >= WARM_UP) times.push(durationMs / STEPS)
  }
  const subject = {
    name: 'chain of 100 expressions, per step',
    unit: 'ms',
    stack: 'local cloud',
    durable: true,
  } as const
  return summarize(subject, times)
}
