import { MOST_PROMPT_CHARACTERS } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Estimate } from '../../domain/estimate.ts'
import { enclosingScopes, parsePath } from '../../domain/instance-path.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { Repair } from '../../planner/repair.ts'
import { needsOf, topologicalOrder } from '../../workflow/graph.ts'
import { everyStep } from '../../workflow/places.ts'
import { isAgentStep, type Step, type Steps, stepKind, type Workflow } from '../../workflow/schema.ts'
import { capabilityComputedBy } from '../../workflow/step-capability.ts'
import { bodyOf, workflowCalledBy, workflowComputedBy } from '../../workflow/step-kinds.ts'
import { capabilityOfStep, graphOfWorkflow, oneOfStep } from '../../workflow/step-needs.ts'
import type { EffectOfPlan } from './effects-of-plan.ts'
import { dollars } from './planning-knowledge.ts'

/** Why a person looks at a plan before it runs; none where it runs at once. */
export type ReviewReasons = string[]

type Told = {
  goal: string
  workflow: Workflow
  estimate: Estimate
  effects: readonly EffectOfPlan[]
  reasons: ReviewReasons
  assumptions: readonly string[]
  repairs: readonly Repair[]
}

/** An approval takes no more, and would leave out the middle; less the words that say how much was cut. */
const MOST_CHARACTERS = MOST_PROMPT_CHARACTERS - 100
const MOST_GOAL = 1_000
const MOST_INPUT = 300
const MOST_LINES = 10
/** What a plan changes outside is shown whole, or the plan is refused: there is room for it after the reasons and the goal. */
const MOST_EFFECTS = 6_000
/** Characters of each value: the most with which all of them can be shown. */
const MOST_VALUES = [MOST_EFFECTS, 2_000, 1_000, 500, 200]

/**
 * What a person is shown who decides about a plan: its effects with every value that they get, its graph, time, money, and what was taken for
 * granted. Throws PlanningFailedError where the effects are more than a person can be shown.
 */
export function describePlan(told: Told): string {
  const { goal, workflow, estimate, effects, reasons, assumptions, repairs } = told
  const { seconds, usd } = estimate
  const guesses = repairs.filter(({ guessed }) => guessed).map(({ path, message }) => `${path}: ${message}`)
  // What decides stands first: the end of a long plan is cut.
  const parts = [
    `Run this plan? (${reasons.join('; ')})`,
    `Goal: ${cut(oneLine(goal), MOST_GOAL)}`,
    describeEffects(workflow, effects),
    `Time: about ${time(seconds.p50)}, in nine of ten cases at most ${time(seconds.p90)}. Money: about ${dollars(usd.p50)} USD, in nine of ten cases at most ${dollars(usd.p90)} USD.`,
    ['Steps:', ...linesOfSteps(workflow)].join('\n'),
    list('Taken for granted:', assumptions),
    list('Names that were guessed:', guesses),
    list('The estimate assumes:', estimate.assumptions),
  ]
  return cut(parts.filter((part) => part !== '').join('\n\n'), MOST_CHARACTERS)
}

function describeEffects({ steps }: Workflow, effects: readonly EffectOfPlan[]): string {
  if (effects.length === 0) return ''
  const byPlace = new Map(everyStep(steps).map(({ place, step }) => [place, step]))
  const told = effects.map(({ place, what }) => {
    // That of a child is shown with what the child gets.
    const own = place.split(' > ', 1)[0] ?? place
    const step = byPlace.get(own)
    const around = enclosingScopes(parsePath(own).scope).flatMap((scope) => {
      const one = byPlace.get(scope)
      return one ? aroundOf(one).map(({ path, text }) => ({ path: `in ${scope}, ${path}`, text })) : []
    })
    return { head: `  - ${place} ${oneLine(what)}`, values: [...(step ? valuesOf(step) : []), ...around] }
  })
  const within = (most: number): string => {
    const line = ({ path, text }: Value): string => `      ${path}: ${cut(text, most)}`
    return ['Changes outside:', ...told.flatMap(({ head, values }) => [head, ...values.map(line)])].join('\n')
  }
  const texts = MOST_VALUES.map(within)
  const whole = texts.find(({ length }) => length <= MOST_EFFECTS)
  if (whole !== undefined) return whole
  const length = texts.at(-1)?.length
  const message = `the plan changes more outside than a person can be shown: ${effects.length} effects in ${length} characters, and the most is ${MOST_EFFECTS}; ask for less at once`
  throw new OrchestratorError('PlanningFailedError', message)
}

/** What decides how often the steps in the body of a step run, and by which words. */
const aroundOf = (step: Step): Value[] =>
  valuesIn([
    ['when', step.when],
    ['forEach', 'forEach' in step ? step.forEach : undefined],
    ...('repeat' in step ? fieldsOf(step.repeat, 'until', 'maxIterations') : []),
    ...('converse' in step ? fieldsOf(step.converse, 'system', 'input', 'approve', 'maxTurns') : []),
  ])

const fieldsOf = <T extends object>(value: T, ...names: (keyof T & string)[]): [string, unknown][] =>
  names.map((name) => [name, value[name]])

/** Every value that a step gets. */
const valuesOf = (step: Step): Value[] =>
  valuesIn([
    ['when', step.when],
    ['capability', isAgentStep(step) ? capabilityComputedBy(step) : undefined],
    ['forEach', 'forEach' in step ? step.forEach : undefined],
    ['workflow', workflowComputedBy(step)],
    ['input', 'input' in step ? step.input : undefined],
    ['body', 'send' in step ? step.send.body : undefined],
    ['data', 'emit' in step ? step.emit.data : undefined],
    ['value', 'approval' in step ? step.approval.value : undefined],
  ])

/** A text, a number or the like in what a step gets; long texts are cut one by one, so that none hides another. */
type Value = { path: string; text: string }

const valuesIn = (given: readonly [string, unknown][]): Value[] =>
  given.flatMap(([name, value]) => (value === undefined ? [] : leavesOf(name, value as Json)))

function leavesOf(path: string, value: Json): Value[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => leavesOf(`${path}[${at}]`, one))
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([name, one]) => leavesOf(`${path}.${oneLine(name)}`, one))
  return [{ path, text: JSON.stringify(value) }]
}

/** The steps in topological order; those of a body under the step that has it. */
function linesOfSteps({ steps }: { steps: Steps }, indent = '  '): string[] {
  const graph = graphOfWorkflow({ steps })
  return topologicalOrder(graph).flatMap((id, at) => {
    const step = steps[id] as Step
    const needs = [...needsOf(graph, id)]
    const after = needs.length > 0 ? `, after ${needs.join(' and ')}` : ''
    const input =
      'input' in step && step.input !== undefined ? `: ${cut(JSON.stringify(step.input), MOST_INPUT)}` : ''
    const body = bodyOf(step)
    return [
      `${indent}${at + 1}. ${id} (${whatRuns(step)})${after}${input}`,
      ...(body ? linesOfSteps({ steps: body }, `${indent}   `) : []),
    ]
  })
}

const whatRuns = (step: Step): string =>
  capabilityOfStep(step) ??
  oneOfStep(step)?.join(' or ') ??
  workflowCalledBy(step) ??
  ('agent' in step ? String(step.agent) : stepKind(step))

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more`] : []
  return [
    title,
    ...lines.slice(0, MOST_LINES).map((line) => `  - ${cut(oneLine(line), MOST_INPUT)}`),
    ...more,
  ].join('\n')
}

/** What a model has written adds no line of its own. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

const time = (seconds: number): string =>
  seconds < 120 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`

const cut = (text: string, most: number): string =>
  text.length > most
    ? `${text.slice(0, most).toWellFormed()} ... (${text.length - most} characters more)`
    : text
