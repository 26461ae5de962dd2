import type { Json } from '../../domain/json.ts'
import { parseTime } from '../../domain/times.ts'
import { EXPECTED_CALLS_OF_TURN, MOST_CALLS_OF_TURN } from '../../workflow/conversation.ts'
import { expressionIn, expressionsIn, resolveExpressions } from '../../workflow/expressions.ts'
import { everyStep } from '../../workflow/places.ts'
import { referencesIn } from '../../workflow/references.ts'
import {
  EXPECTED_ITEMS,
  EXPECTED_ROUNDS,
  type FanOutKind,
  isFanOut,
  type Step,
  type StepOf,
  type Workflow,
} from '../../workflow/schema.ts'
import { byKind, hasMadeBody, workflowComputedBy } from '../../workflow/step-kinds.ts'

/** Facts about a run that can be evaluated from the task's input alone, by place. */
export type Facts = {
  /** The number of items of fan-outs. */
  items: Record<string, number>
  /** The seconds that wait steps take. */
  waits: Record<string, number>
  /** The probability that a step with a condition runs. */
  runs: Record<string, number>
  assumptions: string[]
}

/** The probability for a condition that depends on more than the input. */
const PERHAPS = 0.5

/** `at` in seconds since 1970. */
export async function factsOfInput({ steps }: Workflow, input: Json | undefined, at: number): Promise<Facts> {
  const facts: Facts = { items: {}, waits: {}, runs: {}, assumptions: [] }
  const made: string[] = []
  for (const { place, step } of everyStep(steps)) {
    // The steps of a conversation follow from what its model says, about which there is one assumption.
    if (made.some((around) => place.startsWith(`${around}.`))) continue
    await lookAt(facts, place, step, input, at)
    if (hasMadeBody(step)) made.push(place)
  }
  return facts
}

async function lookAt(facts: Facts, place: string, step: Step, input: Json | undefined, at: number) {
  const { assumptions } = facts
  const takesNoTime = async () => {}
  const lookAtItems = async (one: StepOf<FanOutKind>) => {
    if (isFanOut(one)) facts.items[place] = await itemsOf(one.forEach, place, input, assumptions)
  }
  await byKind<Promise<void>>(step, {
    agent: lookAtItems,
    async repeat() {
      assumptions.push(`loop "${place}" goes round ${EXPECTED_ROUNDS} times on average`)
    },
    steps: lookAtItems,
    async approval() {
      assumptions.push(`nobody takes time to answer "${place}"`)
    },
    async wait({ wait }) {
      if ('message' in wait) assumptions.push(`the message that "${place}" waits for is there at once`)
      else facts.waits[place] = await secondsOfWait(wait, place, input, at, assumptions)
    },
    async workflow(one) {
      await lookAtItems(one)
      if (workflowComputedBy(one) !== undefined)
        assumptions.push(
          `"${place}" takes neither time nor money: its workflow is not known before it begins`,
        )
    },
    emit: takesNoTime,
    send: takesNoTime,
    async converse({ converse: { maxTurns } }) {
      facts.items[`${place}.calls`] = EXPECTED_CALLS_OF_TURN
      facts.runs[`${place}.calls`] = PERHAPS
      assumptions.push(
        `the model of "${place}" answers ${EXPECTED_ROUNDS} times on average and ${maxTurns} at most, half of them with ${EXPECTED_CALLS_OF_TURN} calls, at most ${MOST_CALLS_OF_TURN}`,
      )
    },
  })
  if (step.when === undefined) return
  const condition = await valueNow(step.when, input)
  if (condition === undefined)
    assumptions.push(`"${place}" runs in half of the tasks: its condition is not known yet`)
  facts.runs[place] = condition === undefined ? PERHAPS : condition === true ? 1 : 0
}

/** The value of an expression that depends only on the task's input; undefined otherwise. */
async function valueNow(value: unknown, input: Json | undefined): Promise<Json | undefined> {
  const names = expressionsIn(value).flatMap(({ text }) => [...referencesIn(text).variables])
  if (names.some((name) => name !== 'input') || (names.length > 0 && input === undefined)) return undefined
  return resolveExpressions(value, { input }).catch(() => undefined)
}

async function itemsOf(
  forEach: string,
  place: string,
  input: Json | undefined,
  assumptions: string[],
): Promise<number> {
  const list = await valueNow(forEach, input)
  if (Array.isArray(list)) return list.length
  if (list !== undefined && list !== null) return 1
  assumptions.push(`fan-out "${place}" has ${EXPECTED_ITEMS} items`)
  return EXPECTED_ITEMS
}

async function secondsOfWait(
  wait: { seconds: number | string } | { until: string },
  place: string,
  input: Json | undefined,
  at: number,
  assumptions: string[],
): Promise<number> {
  const value = await valueNow('until' in wait ? wait.until : wait.seconds, input)
  const seconds = 'until' in wait ? (parseTime(value) ?? Number.NaN) / 1_000 - at : Number(value)
  if (value !== undefined && Number.isFinite(seconds)) return Math.max(0, seconds)
  const said = 'until' in wait ? wait.until : wait.seconds
  const asked = expressionIn(said) ?? String(said)
  assumptions.push(`"${place}" does not wait: ${asked} is not known yet`)
  return 0
}
