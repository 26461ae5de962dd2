import type { Estimate } from '../../domain/estimate.ts'
import type { Repair } from '../../planner/repair.ts'
import { needsOf, topologicalOrder } from '../../workflow/graph.ts'
import { type Step, type Steps, stepKind, type Workflow } from '../../workflow/schema.ts'
import { bodyOf, workflowCalledBy } from '../../workflow/step-kinds.ts'
import { capabilityOfStep, graphOfWorkflow } from '../../workflow/step-needs.ts'
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

const MOST_CHARACTERS = 12_000
const MOST_GOAL = 1_000
const MOST_INPUT = 300
const MOST_LINES = 10

/** What a person is shown who decides about a plan: its graph, time, money, effects, and what was taken for granted. */
export function describePlan(told: Told): string {
  const { goal, workflow, estimate, effects, reasons, assumptions, repairs } = told
  const { seconds, usd } = estimate
  const guesses = repairs.filter(({ guessed }) => guessed).map(({ path, message }) => `${path}: ${message}`)
  // What decides stands first: the end of a long plan is cut.
  const parts = [
    `Run this plan? (${reasons.join('; ')})`,
    `Goal: ${cut(goal, MOST_GOAL)}`,
    list(
      'Changes outside:',
      effects.map(({ place, what }) => `${place} ${what}`),
    ),
    `Time: about ${time(seconds.p50)}, in nine of ten cases at most ${time(seconds.p90)}. Money: about ${dollars(usd.p50)} USD, in nine of ten cases at most ${dollars(usd.p90)} USD.`,
    ['Steps:', ...linesOfSteps(workflow)].join('\n'),
    list('Taken for granted:', assumptions),
    list('Names that were guessed:', guesses),
    list('The estimate assumes:', estimate.assumptions),
  ]
  return cut(parts.filter((part) => part !== '').join('\n\n'), MOST_CHARACTERS)
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
  capabilityOfStep(step) ?? workflowCalledBy(step) ?? ('agent' in step ? String(step.agent) : stepKind(step))

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more`] : []
  return [title, ...lines.slice(0, MOST_LINES).map((line) => `  - ${cut(line, MOST_INPUT)}`), ...more].join(
    '\n',
  )
}

const time = (seconds: number): string =>
  seconds < 120 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`

const cut = (text: string, most: number): string =>
  text.length > most
    ? `${text.slice(0, most).toWellFormed()} ... (${text.length - most} characters more)`
    : text
