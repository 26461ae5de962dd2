import { setTimeout as delay } from 'node:timers/promises'
import type { TaskView } from '../../shared/contracts/views.ts'
import type { Evaluation } from '../../shared/domain/evaluation.ts'
import { orAborted } from '../../shared/domain/or-aborted.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import type { Case } from './cases.ts'
import { scoreCase } from './score-case.ts'
import { isGone, mayPass, withTries } from './tries.ts'

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

/** A case that could not be run: its task was not accepted, or could not be followed to its end. It has no score. */
export type NotRun = { id: string; label: string; message: string }

export type Ran = { results: Result[][]; notRun: NotRun[] }

type Settings = {
  /** Names this evaluation: tasks are submitted under keys that begin with it, so that a repeat finds the first. At most 80 characters. */
  key: string
  parallel: number
  terms: { budgetUsd?: number | undefined; deadlineSeconds?: number | undefined }
  /** Told of each result as it is there. */
  report: (run: Run, result: Result | NotRun, done: number) => void
  /** Told once of a task that a person has to go on with. */
  reportWaiting: (one: Case, taskId: string) => void
}

/**
 * Has every run do every case, so many tasks at once; of one case all runs, before the next. Results are by run, in the order of the cases; a case
 * that one of the runs could not do is left out of all, so that they compare. Throws CliError where the API is gone, or has refused the very first
 * task; then, and on Ctrl-C, the tasks that still run are cancelled.
 */
export async function runCases(
  runs: readonly Run[],
  cases: readonly Case[],
  { key, parallel, terms, report, reportWaiting }: Settings,
): Promise<Ran> {
  const results: (Result | undefined)[][] = runs.map(() => cases.map(() => undefined))
  const notRun: NotRun[] = []
  const open = new Set<string>()
  const stopped = new AbortController()
  const work = cases.flatMap((one, at) => runs.map((run, side) => ({ one, at, run, side }))).values()
  let done = 0
  let isFirst = true
  const lane = async (): Promise<void> => {
    for (const { one, at, run, side } of work) {
      if (stopped.signal.aborted) return
      const of = { key: `${key}-${side}-${at}`, terms, open, reportWaiting, signal: stopped.signal }
      const result = await runCase(run, one, of).catch((error: unknown) => {
        const failed = notRunBy(error, { id: one.id, label: run.label })
        if (!failed || stopped.signal.aborted || (isFirst && !mayPass(error))) throw error
        return failed
      })
      isFirst = false
      done += 1
      if ('message' in result) notRun.push(result)
      else results[side]?.splice(at, 1, result)
      report(run, result, done)
    }
  }
  const interrupted = (): void => stopped.abort(new CliError('', EXIT.interrupted))
  process.once('SIGINT', interrupted)
  const lanes = Array.from({ length: parallel }, lane)
  try {
    await Promise.all(lanes)
    stopped.signal.throwIfAborted()
    // Those whose end is not known.
    await cancelAll(open)
    const done = [...cases.keys()].filter((at) => results.every((ofRun) => ofRun[at] !== undefined))
    return { results: results.map((ofRun) => done.flatMap((at) => ofRun[at] ?? [])), notRun }
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

/** A failure of one case; undefined where no other case would fare better. */
function notRunBy(error: unknown, one: Pick<NotRun, 'id' | 'label'>): NotRun | undefined {
  if (!(error instanceof CliError) || error.exitCode === EXIT.interrupted || isGone(error)) return undefined
  return { ...one, message: error.message }
}

async function cancelAll(open: ReadonlySet<string>): Promise<void> {
  const reason = 'its evaluation was ended'
  await Promise.allSettled([...open].map((id) => callApi('cancelTask', { id, reason })))
}

type OfCase = Pick<Settings, 'key' | 'terms' | 'reportWaiting'> & { open: Set<string>; signal: AbortSignal }

async function runCase(
  run: Run,
  one: Case,
  { key: idempotencyKey, terms, open, ...following }: OfCase,
): Promise<Result> {
  const { signal } = following
  const { id, tags, input } = one
  const metadata = { evaluated: run.label.slice(0, 200), case: id }
  const asked = { workflow: run.workflow, input, metadata, ...terms, idempotencyKey }
  const submitted = await withTries(() => callApi('submitTask', asked), signal).catch((error: unknown) => {
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
    task.status === 'succeeded'
      ? (await withTries(() => orAborted(signal, () => callApi('getTaskResult', { id: taskId })), signal))
          .result
      : undefined
  const evaluation = await scoreCase(one, { ...task, result })
  const { cost = { usd: 0, tokens: 0 }, durationMs } = task
  const time = durationMs === undefined ? {} : { seconds: durationMs / 1_000 }
  return { id, tags, evaluation, taskId, costUsd: cost.usd, tokens: cost.tokens, ...time }
}

const OPEN = ['queued', 'planning', 'running', 'waiting']
/** Short at first, growing: an evaluation may run many tasks for hours. */
const PAUSE = { least: 200, most: 3_000, growth: 1.4 }

async function endOf(
  one: Case,
  taskId: string,
  { reportWaiting, signal }: Pick<OfCase, 'reportWaiting' | 'signal'>,
): Promise<TaskView> {
  let isTold = false
  for (let pause = PAUSE.least; ; pause = Math.min(PAUSE.most, pause * PAUSE.growth)) {
    signal.throwIfAborted()
    // It may wait for the next minute of requests.
    const task = await withTries(() => orAborted(signal, () => callApi('getTask', { id: taskId })), signal)
    if (!OPEN.includes(task.status)) return task
    if (!isTold && task.steps.some(({ status }) => status === 'waiting')) {
      isTold = true
      reportWaiting(one, taskId)
    }
    await delay(pause, undefined, { signal })
  }
}
