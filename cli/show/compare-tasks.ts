import type { StepView, TaskWithStepsView } from '../../shared/contracts/views.ts'
import { canonicalJson } from '../../shared/domain/json.ts'
import { attemptsBy } from './describe-attempts.ts'
import { agentOf } from './describe-step.ts'

/** A task with all that is compared. */
export type WholeTask = {
  task: TaskWithStepsView
  input: unknown
  definition: unknown
  result: unknown
  /** With inputs and outputs. */
  steps: StepView[]
}

/** What one has and the other has not, or has otherwise; of a task where `stepId` is absent. A missing side has none. */
export type Difference = { stepId?: string; field: string; a?: unknown; b?: unknown }

type Facts = Readonly<Record<string, unknown>>

/**
 * The differences of two tasks, in the order of the first one's steps. Times are none: they differ in every run. Nor is an input that is
 * kept of one side only, as of a task that ran before inputs were kept.
 */
export function compareTasks(a: WholeTask, b: WholeTask): Difference[] {
  const stepsOfB = new Map(b.steps.map((step) => [step.stepId, step]))
  const ofA = new Set(a.steps.map(({ stepId }) => stepId))
  return [
    ...differences(factsOfTask(a), factsOfTask(b)),
    ...a.steps.flatMap((step) => compareStep(step, stepsOfB.get(step.stepId))),
    ...b.steps.filter(({ stepId }) => !ofA.has(stepId)).flatMap((step) => compareStep(undefined, step)),
  ]
}

function compareStep(a: StepView | undefined, b: StepView | undefined): Difference[] {
  const stepId = (a ?? b)?.stepId ?? ''
  if (!a || !b)
    return [{ stepId, field: 'step', ...(a ? { a: a.status } : {}), ...(b ? { b: b.status } : {}) }]
  const isKnown = a.input !== undefined && b.input !== undefined
  const found = [...differences(factsOfStep(a, isKnown), factsOfStep(b, isKnown)), ...differenceOfCode(a, b)]
  return found.map((one) => ({ stepId, ...one }))
}

/** Other code of the same agent and version. Where the version differs, so does the code; what ran before digests were kept has none. */
function differenceOfCode(a: StepView, b: StepView): Difference[] {
  const [codeOfA, codeOfB] = [a, b].map(codeOf)
  const isKnown = codeOfA !== undefined && codeOfB !== undefined
  if (!isKnown || codeOfA === codeOfB || agentOf(a) !== agentOf(b)) return []
  return [{ field: 'code', a: codeOfA, b: codeOfB }]
}

/** The digest of the code of the agent that has ended the step. */
const codeOf = ({ agentCode, agentId, attempts }: StepView): string | undefined =>
  agentCode ?? attemptsBy(attempts).ofStep.findLast((attempt) => attempt.agentId === agentId)?.agentCode

const factsOfTask = ({ task, input, definition, result }: WholeTask): Facts => ({
  workflow: `${task.workflow.name}@${task.workflow.version}`,
  definition,
  input,
  status: task.status,
  error: failureOf(task.error),
  result,
  costUsd: task.cost?.usd,
  tokens: task.cost?.tokens,
})

const factsOfStep = (step: StepView, isInputKnown: boolean): Facts => ({
  status: step.status,
  // The id of a child's task is another one in every run.
  agent: step.child === undefined ? agentOf(step) : undefined,
  skipReason: step.skipReason,
  degraded: step.degraded,
  ...(isInputKnown ? { input: step.input } : {}),
  error: failureOf(step.error),
  output: step.output,
  failedAttempts: attemptsBy(step.attempts).ofStep.length,
  failedJudges: attemptsBy(step.attempts).ofJudges.length,
  score: step.evaluation?.score,
  costUsd: step.costUsd,
  tokens: step.tokens,
})

const failureOf = (error: { name: string; message: string } | undefined): string | undefined =>
  error && `${error.name}: ${error.message}`

function differences(a: Facts, b: Facts): Difference[] {
  return Object.keys({ ...a, ...b }).flatMap((field) => {
    if (same(a[field], b[field])) return []
    return [
      {
        field,
        ...(a[field] === undefined ? {} : { a: a[field] }),
        ...(b[field] === undefined ? {} : { b: b[field] }),
      },
    ]
  })
}

const same = (a: unknown, b: unknown): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b)
