import { setTimeout as delay } from 'node:timers/promises'
import type { TaskView } from '../../shared/contracts/views.ts'
import type { Evaluation } from '../../shared/domain/evaluation.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import type { Case } from './cases.ts'
import { scoreCase } from './score-case.ts'

/** A case as one version of the workflow has done it. */
export type Result = {
  id: string
  tags: readonly string[]
  evaluation: Evaluation
  taskId?: string
  costUsd: number
  tokens: number
  seconds?: number
}

export type Run = {
  /** A workflow by name, by name@version, or its text. */
  workflow: string
  /** What a table and the metadata of tasks call it. */
  label: string
}

type Settings = {
  parallel: number
  terms: { budgetUsd?: number | undefined; deadlineSeconds?: number | undefined }
  /** Told of each result as it is there. */
  report: (run: Run, result: Result, done: number) => void
  /** Told once of a task that a person has to go on with. */
  reportWaiting: (one: Case, taskId: string) => void
}

/**
 * Has every run do every case, so many tasks at once; of one case all runs, before the next. Results are by run, in the order of the cases. Throws
 * CliError where the API is gone; then, and on Ctrl-C, the tasks that still run are cancelled.
 */
export async function runCases(
  runs: readonly Run[],
  cases: readonly Case[],
  { parallel, terms, report, reportWaiting }: Settings,
): Promise<Result[][]> {
  const results: Result[][] = runs.map(() => [])
  const open = new Set<string>()
  const stopped = new AbortController()
  const work = cases.flatMap((one, at) => runs.map((run, side) => ({ one, at, run, side }))).values()
  let done = 0
  const lane = async (): Promise<void> => {
    for (const { one, at, run, side } of work) {
      if (stopped.signal.aborted) return
      const result = await runCase(run, one, { terms, open, reportWaiting, signal: stopped.signal })
      const ofRun = results[side]
      if (ofRun) ofRun[at] = result
      report(run, result, ++done)
    }
  }
  const interrupted = (): void => stopped.abort(new CliError('', EXIT.interrupted))
  process.once('SIGINT', interrupted)
  const lanes = Array.from({ length: parallel }, lane)
  try {
    await Promise.all(lanes)
    stopped.signal.throwIfAborted()
    return results
  } catch (error) {
    stopped.abort(error)
    // A task that is being submitted is one of those that run.
    await Promise.allSettled(lanes)
    await cancelAll(open)
    throw stopped.signal.reason
  } finally {
    process.removeListener('SIGINT', interrupted)
  }
}

async function cancelAll(open: ReadonlySet<string>): Promise<void> {
  const reason = 'its evaluation was ended'
  await Promise.allSettled([...open].map((id) => callApi('cancelTask', { id, reason })))
}

type OfCase = Pick<Settings, 'terms' | 'reportWaiting'> & { open: Set<string>; signal: AbortSignal }

async function runCase(run: Run, one: Case, { terms, open, ...following }: OfCase): Promise<Result> {
  const { id, tags, input } = one
  const metadata = { evaluated: run.label.slice(0, 200), case: id }
  const asked = callApi('submitTask', { workflow: run.workflow, input, metadata, ...terms })
  const submitted = await asked.catch((error: unknown) => {
    // An input that the workflow refuses is a case that it does not do.
    if (error instanceof CliError && error.problem?.type.endsWith(':InvalidInputError')) return error
    throw error
  })
  if (submitted instanceof CliError) {
    const refused = { name: 'InvalidInputError', message: submitted.message }
    const evaluation = await scoreCase(one, { status: 'failed', error: refused })
    return { id, tags, evaluation, costUsd: 0, tokens: 0 }
  }
  const { taskId } = submitted
  open.add(taskId)
  const task = await endOf(one, taskId, following)
  open.delete(taskId)
  const result =
    task.status === 'succeeded' ? (await callApi('getTaskResult', { id: taskId })).result : undefined
  const evaluation = await scoreCase(one, { ...task, result })
  const { cost = { usd: 0, tokens: 0 }, durationMs } = task
  const time = durationMs === undefined ? {} : { seconds: durationMs / 1_000 }
  return { id, tags, evaluation, taskId, costUsd: cost.usd, tokens: cost.tokens, ...time }
}

const OPEN = ['queued', 'planning', 'running', 'waiting']
/** Short at first, growing: an evaluation may run many tasks for hours. */
const PAUSE = { least: 200, most: 3_000, growth: 1.4 }
/** How often in a row the API may not answer. */
const MOST_UNANSWERED = 5

async function endOf(
  one: Case,
  taskId: string,
  { reportWaiting, signal }: Pick<OfCase, 'reportWaiting' | 'signal'>,
): Promise<TaskView> {
  let unanswered = 0
  let isTold = false
  for (let pause = PAUSE.least; ; pause = Math.min(PAUSE.most, pause * PAUSE.growth)) {
    signal.throwIfAborted()
    try {
      const task = await callApi('getTask', { id: taskId })
      unanswered = 0
      if (!OPEN.includes(task.status)) return task
      if (!isTold && task.steps.some(({ status }) => status === 'waiting')) {
        isTold = true
        reportWaiting(one, taskId)
      }
    } catch (error) {
      const isGone = error instanceof CliError && error.exitCode === EXIT.unreachable
      if (!isGone || ++unanswered >= MOST_UNANSWERED) throw error
    }
    await delay(pause, undefined, { signal })
  }
}
