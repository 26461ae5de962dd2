/** What a conversation has done: its turns and the calls of each. */
import type { StepView } from '../../shared/contracts/views.ts'
import { parsePath } from '../../shared/domain/instance-path.ts'
import { shellWord } from '../../shared/domain/shell-word.ts'
import { cut } from '../../shared/domain/shown.ts'
import { TURN_CAPABILITY, TURN_OF_CONVERSATION } from '../../shared/workflow/conversation.ts'
import { callApi, callPages } from '../api-client.ts'
import { capabilityText } from './capability-text.ts'
import { shortDuration } from './duration.ts'
import { padTo } from './layout.ts'
import { usd } from './money.ts'
import { say } from './output.ts'
import { inOneLine } from './visible.ts'
import { stringWidth } from './width.ts'

/** The latest rows are shown. */
const MOST_ROWS = 40
const INSIDE = 4
const MARGIN = ' '.repeat(INSIDE)

const isTurn = ({ capability, stepId }: StepView): boolean =>
  capability === TURN_CAPABILITY && parsePath(stepId).stepId === TURN_OF_CONVERSATION

/** The steps without the fan-outs of turns that have called nothing. */
export function withoutUnmadeCalls<View extends StepView>(steps: readonly View[]): View[] {
  const rounds = new Set(steps.filter(isTurn).map(({ stepId }) => parsePath(stepId).scope))
  return steps.filter(({ stepId, status }) => {
    const { scope, stepId: name, index } = parsePath(stepId)
    return !(status === 'skipped' && name === 'calls' && index === undefined && rounds.has(scope))
  })
}

/**
 * Prints of a conversation each turn and each call: who took it, its status, time, cost and input, shortened, and why calls have failed. Prints nothing and
 * returns false for another step.
 */
export async function printConversation(id: string, step: StepView, command: string): Promise<boolean> {
  const { stepId, round } = step
  if (round === undefined) return false
  const { steps: first } = await callApi('listTaskSteps', { id, under: stepId, limit: 1 })
  if (!first[0] || !isTurn(first[0])) return false
  const all: StepView[] = []
  for await (const { steps } of callPages('listTaskSteps', { id, under: stepId })) all.push(...steps)
  const calls = all.flatMap((one) => callOf(stepId, one, all))
  const turns = all.flatMap((one) => turnOf(stepId, one))
  const failed = calls.filter(({ view }) => view.status === 'failed').length
  say(`turns: ${turns.length}; calls: ${calls.length}${failed > 0 ? `, ${failed} failed` : ''}`)
  const rows = [...turns, ...calls].toSorted((a, b) => a.turn - b.turn || a.at - b.at)
  const shown = rows.slice(-MOST_ROWS)
  const inputs = await inputsOf(id, stepId, shown)
  const cells = shown.map(cellsOf)
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => stringWidth(row[column] ?? ''))))
  for (const [at, { view, asked }] of shown.entries()) {
    const padded = cells[at]?.map((cell, column) => padTo(cell, widths?.[column] ?? 0)) ?? []
    say(padded.join('  ').trimEnd(), INSIDE)
    const input = inputs.get(view.stepId)
    // A call that was not made has no input: what a person was asked tells which it was to be.
    const given = input === undefined ? asked?.approval?.prompt : JSON.stringify(input)
    for (const line of given?.split('\n').slice(0, 2) ?? []) say(`${MARGIN}${cut(inOneLine(line))}`, INSIDE)
    if (view.error) say(`${MARGIN}${inOneLine(`${view.error.name}: ${view.error.message}`)}`, 2)
  }
  if (rows.length > shown.length)
    say(
      `... and ${rows.length - shown.length} before: npx orchestrator steps ${id} --under ${shellWord(stepId)}`,
    )
  const last = shown.findLast(({ view }) => view.status === 'failed') ?? shown.at(-1)
  if (last) say(`more of one: npx orchestrator ${command} ${id} ${shellWord(last.view.stepId)}`)
  return true
}

/** `at`: the place of a call in its turn, -1 for the model's own answer. `asked`: the person's approval that the call needs. */
type Row = { turn: number; at: number; view: StepView; asked?: StepView | undefined }

function turnOf(conversation: string, view: StepView): Row[] {
  const turn = numberIn(view.stepId, conversation)
  return turn !== undefined && isTurn(view) && view.stepId === `${conversation}[${turn}].turn`
    ? [{ turn, at: -1, view }]
    : []
}

function callOf(conversation: string, view: StepView, all: readonly StepView[]): Row[] {
  const turn = numberIn(view.stepId, conversation)
  if (turn === undefined) return []
  const around = `${conversation}[${turn}].calls`
  const at = numberIn(view.stepId, around)
  if (at === undefined || view.stepId !== `${around}[${at}].call`) return []
  return [{ turn, at, view, asked: all.find(({ stepId }) => stepId === `${around}[${at}].approval`) }]
}

/** The number in `ask[3].turn` after `ask`. */
function numberIn(path: string, around: string): number | undefined {
  const [, number] = path.startsWith(`${around}[`) ? (/^\[(\d+)\]/.exec(path.slice(around.length)) ?? []) : []
  return number === undefined ? undefined : Number(number)
}

function cellsOf({ turn, at, view, asked }: Row): string[] {
  const { agentId = '', durationMs, costUsd } = view
  return [
    at < 0 ? `turn ${turn}` : `  ${view.capability ?? (asked ? 'a call' : (capabilityText(view) ?? ''))}`,
    at < 0 ? '' : agentId,
    statusOf(view, asked),
    shortDuration(durationMs),
    costUsd ? usd(costUsd) : '',
  ]
}

/** A call that a person has refused was skipped; one that a person is asked about is pending. */
function statusOf({ status }: StepView, asked: StepView | undefined): string {
  const { answer } = asked?.approval ?? {}
  if (status === 'skipped' && answer) return `refused by ${answer.by}`
  return status === 'pending' && asked?.status === 'waiting' ? 'waiting' : status
}

/** What the calls were given. Those of one turn are read at once; what the model was given is large, and is left out. */
async function inputsOf(id: string, stepId: string, rows: readonly Row[]): Promise<Map<string, unknown>> {
  const turns = new Set(rows.filter(({ at }) => at >= 0).map(({ turn }) => turn))
  const pages = await Promise.all(
    [...turns].map((turn) =>
      callApi('listTaskSteps', { id, under: `${stepId}[${turn}].calls`, inputs: true }),
    ),
  )
  return new Map(pages.flatMap(({ steps }) => steps.map((one) => [one.stepId, one.input] as const)))
}
