import { setTimeout as delay } from 'node:timers/promises'
import { createLogUpdate } from 'log-update'
import type { StepView, TaskView } from '../../shared/contracts/views.ts'
import { withoutLastWords } from '../../shared/domain/last-words.ts'
import { callApi } from '../api-client.ts'
import { withoutUnmadeCalls } from './conversation.ts'
import { countsOfAttempts } from './describe-attempts.ts'
import { scoreText } from './describe-evaluation.ts'
import { duration } from './duration.ts'
import { padTo } from './layout.ts'
import { elapsed, statusMark, statusText, style } from './output.ts'
import { inOneLine, visibleStyled } from './visible.ts'
import { stringWidth } from './width.ts'

export type WatchedTask = TaskView & { steps: StepView[] }

/** The interval between polls: short after a change, growing without one. */
const POLL_MILLISECONDS = { least: 150, most: 2_000, growth: 1.5 }
/** The assumed height of a terminal that does not report it. */
const DEFAULT_ROWS = 24
const OPEN = ['queued', 'planning', 'running', 'waiting']

type Options = {
  base?: string | undefined
  to: NodeJS.WriteStream
  quiet?: boolean
  signal?: AbortSignal
  /** The task as the user has seen it already. */
  before?: WatchedTask | undefined
}

/** Follows a task to its end: a redrawn tree on a terminal, a line for each change elsewhere. */
export async function watchTask(
  taskId: string,
  { base, to, quiet = false, signal, before }: Options,
): Promise<WatchedTask> {
  const show = quiet ? () => {} : to.isTTY ? liveTree(to) : plainLines(to, before)
  let pause = POLL_MILLISECONDS.least
  for (let seen = ''; ; ) {
    const task = await callApi('getTask', { id: taskId, watch: true }, base)
    const ended = !OPEN.includes(task.status)
    show(task, ended)
    if (ended) return task
    const now = JSON.stringify(task)
    const { least, most, growth } = POLL_MILLISECONDS
    // A model may begin to speak at any time.
    const longest = task.steps.some(({ status }) => status === 'running') ? most / 3 : most
    pause = now === seen ? Math.min(longest, pause * growth) : least
    seen = now
    await delay(pause, undefined, signal ? { signal } : {})
  }
}

/** The task and its steps, one a line, in topological order; with few lines only the most relevant steps. */
export function taskTree(task: WatchedTask, lines = Number.POSITIVE_INFINITY): string {
  const all = withoutUnmadeCalls(task.steps)
  const steps = mostTelling(all, lines - 2)
  const widest = Math.max(0, ...steps.map(({ stepId }) => stringWidth(stepId)))
  const head = `${style('bold', task.workflow.name)} ${style('dim', task.taskId)}  ${statusText(task.status)}${placeOf(task)}  ${elapsed({ durationMs: task.durationMs, since: task.createdAt })}`
  const rest = all.filter((step) => !steps.includes(step))
  return [
    head.trimEnd(),
    ...steps.flatMap((step) => [`  ${stepLine(step, widest)}`, ...saidLines(step)]),
    ...(rest.length > 0 ? [`  ... and ${countsOf(rest)}`] : []),
  ].join('\n')
}

/** A line of what a model says now. */
const MOST_SAID = 100
const saidLines = ({ said = '' }: StepView): string[] => {
  const text = inOneLine(said.trimEnd().slice(-MOST_SAID))
  return text === '' ? [] : [`      ${style('dim', text)}`]
}

/** The position of a queued task. */
const placeOf = ({ queue }: WatchedTask): string => (queue ? ` (number ${queue.position} in the queue)` : '')

/** By relevance: first what the user can act on. */
const TELLING = ['waiting', 'failed', 'running', 'cancelled', 'pending', 'succeeded', 'skipped']

/** The `most` most relevant steps, in their own order. */
function mostTelling(steps: readonly StepView[], most: number): readonly StepView[] {
  if (steps.length <= most) return steps
  const rankOf = ({ status }: StepView): number => TELLING.indexOf(status)
  const chosen = new Set(steps.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, Math.max(1, most - 1)))
  return steps.filter((step) => chosen.has(step))
}

function countsOf(steps: readonly StepView[]): string {
  const counts = Map.groupBy(steps, ({ status }) => status)
  return TELLING.flatMap((status) => {
    const count = counts.get(status as StepView['status'])?.length
    return count ? [`${count} ${status}`] : []
  }).join(', ')
}

/** One line about a step: its status, agent, duration and cost. */
export function stepLine(step: StepView, widest: number): string {
  const {
    stepId,
    status,
    agentId = '',
    child = '',
    round,
    items,
    durationMs,
    progress,
    attempts,
    needs,
    approval,
  } = step
  const facts = [
    agentId || child,
    inPlaceOf(step),
    round === undefined ? '' : `round ${round}`,
    items ? itemsOf(items) : '',
    elapsed({ durationMs, since: status === 'running' ? step.startedAt : undefined }),
    step.held ? heldText(step.held) : '',
    step.waitsFor && status === 'waiting' ? waitsForText(step.waitsFor) : '',
    progress ? `${Math.round(progress.fraction * 100)} % ${progress.note}` : '',
    countsOfAttempts(attempts),
    step.judging ? (step.judging.by ? `judged by ${step.judging.by}` : 'waits for its judge') : '',
    step.evaluation ? `score ${scoreText(step.evaluation.score)}` : '',
    step.reused ? `as in ${step.reused.taskId}` : '',
    (step.error && withoutLastWords(step.error.message)) ?? step.skipReason ?? step.degraded ?? '',
    status === 'pending' && needs.length > 0 ? `after ${needs.join(', ')}` : '',
    status === 'waiting' && approval ? askedOf(approval) : '',
    approval?.answer ? `${approval.answer.decision} (${approval.answer.by})` : '',
  ]
  const mark = step.degraded ? 'degraded' : status
  return `${statusMark(mark)} ${padTo(stepId, widest)}  ${style('dim', inOneLine(facts.filter(Boolean).join('  ')))}`.trimEnd()
}

/** `in place of price`: the agents that the step was given to before, or passed over. */
const inPlaceOf = ({ decision }: StepView): string =>
  decision?.inPlaceOf ? `in place of ${decision.inPlaceOf.map(({ agentId }) => agentId).join(', ')}` : ''

/** `17 of 1000, 2 failed`; where not only the step's own agent has done them, `17 of 1000 (price 16, guess 1)`. */
export function itemsOf({ total, succeeded, failed, agents = {} }: NonNullable<StepView['items']>): string {
  const done = succeeded + failed
  const by = Object.entries(agents).map(([agentId, count]) => `${agentId} ${count}`)
  return `${done}${total === undefined ? '' : ` of ${total}`}${failed > 0 ? `, ${failed} failed` : ''}${by.length > 0 ? ` (${by.join(', ')})` : ''}`
}

/** `held until 12:34:56: agent writer is unavailable`: the time of the day here. */
export function heldText({ reason, until }: Pick<NonNullable<StepView['held']>, 'reason' | 'until'>): string {
  const time = until === undefined ? '' : ` until ${new Date(until).toTimeString().slice(0, 8)}`
  return `held${time}: ${reason}`
}

/** `waits for a callback until 2026-01-02 12:34:56`: the day and the time here. */
export function waitsForText({ kind, until }: NonNullable<StepView['waitsFor']>): string {
  const what = {
    time: '',
    callback: ' for a callback',
    message: ' for a message',
  }
  const at = new Date(until)
  return `waits${what[kind]} until ${at.toLocaleDateString('sv')} ${at.toTimeString().slice(0, 8)}`
}

const askedOf = ({ prompt, choices, approvers }: NonNullable<StepView['approval']>): string =>
  `${prompt} [${choices.join(' | ')}]${approvers ? ` by ${approvers.join(', ')}` : ''}`

type Show = (task: WatchedTask, ended: boolean) => void

function liveTree(to: NodeJS.WriteStream): Show {
  const update = createLogUpdate(to)
  return (task, ended) => {
    update(visibleStyled(taskTree(task, (to.rows || DEFAULT_ROWS) - 1)))
    if (ended) update.done()
  }
}

function plainLines(to: NodeJS.WriteStream, before?: WatchedTask): Show {
  const seen = new Map(before?.steps.map((step) => [step.stepId, stateOf(step)]))
  return (task, ended) => {
    for (const step of withoutUnmadeCalls(task.steps)) {
      const state = stateOf(step)
      if (step.status === 'pending' || seen.get(step.stepId) === state) continue
      seen.set(step.stepId, state)
      const asked = step.status === 'waiting' && step.approval ? askedOf(step.approval) : ''
      const items = step.items ? itemsOf(step.items) : ''
      const waits = step.held ? heldText(step.held) : step.waitsFor ? waitsForText(step.waitsFor) : ''
      const known = [step.agentId, inPlaceOf(step), duration(step.durationMs), items, asked, waits].filter(
        Boolean,
      )
      const facts = inOneLine(known.join(', '))
      to.write(`${step.stepId}: ${step.status}${facts ? ` (${facts})` : ''}\n`)
    }
    if (ended) to.write(`${task.workflow.name} ${task.taskId} ${task.status} ${duration(task.durationMs)}\n`)
  }
}

/** What a line is written about when it changes; a step that has failed again has another end. */
function stateOf({ status, items, held, waitsFor, endedAt = '' }: StepView): string {
  const began = `${status}${items && status === 'running' ? ` ${tenthOf(items)}` : ''}`
  return `${began} ${endedAt} ${held ? heldText({ reason: held.reason, until: undefined }) : ''} ${waitsFor?.number ?? ''}`
}

/** A fan-out reports its progress at every tenth of its items. */
const tenthOf = ({ total = 0, succeeded, failed }: NonNullable<StepView['items']>): number =>
  total === 0 ? 0 : Math.floor(((succeeded + failed) / total) * 10)
