import { OrchestratorError } from '../../domain/errors.ts'
import { numberedPath, parsePath, pathIn } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { type Loop, loopOfConversation } from '../../workflow/conversation.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { expressionsOfBody, needsOfStep, resultStepsOf } from '../../workflow/step-needs.ts'
import { namesForExpressions, pathsForNames } from '../steps/expression-names.ts'
import { pathsSeen } from '../steps/plan-paths.ts'
import { holds } from '../steps/resolve-step.ts'
import { FATAL, type Failure, failureIn, settleFailure, verdictOf } from '../steps/settle-failure.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'

type LoopStep = StepOf<'repeat' | 'converse'>

/** Failures in a body that end the task, regardless of the policy of the loop or fan-out. */
export const NOT_THE_BODYS = ['TaskCancelledError', 'BugError', ...FATAL]

/** A loop: its body is a separate graph, and each round runs it under its own paths. */
export const loop: Controlled<LoopStep> = {
  template: () => ({}),
  inputIn: () => undefined,

  begin: async ({ own }) => ({ round: numberedPath(own.path, 1) }),

  /** Called after each round: starts another one, or ends the loop (control/O6). */
  async end(owned) {
    const { step, own, call } = owned
    if (call.error?.Error !== undefined) return settleBody(owned, failureIn(call.error))
    if (call.round === undefined)
      throw new OrchestratorError('BugError', `the loop "${own.path}" was not told which round has ended`)
    const { until, maxIterations } = loopOf(step)
    const { isOver, output } = await judge(owned, call.round)
    if (isOver) {
      const stored = await owned.ports.values.storeValue(own.taskId, output ?? null)
      return end(owned, { status: 'succeeded', output: stored })
    }
    const { index: iteration = 1 } = parsePath(call.round)
    if (iteration < maxIterations) return { round: numberedPath(own.path, iteration + 1) }
    const message = `step "${own.path}": ${until} is still not true after ${iteration} rounds (maxIterations)`
    return over((await settleFailure(owned, { name: 'LoopExhaustedError', message })).settled)
  },
}

const loopOf = (step: LoopStep): Loop => ('repeat' in step ? step.repeat : loopOfConversation(step))

/** Evaluates `until` after a round and, if it was the last one, the loop's output. Throws InvalidInputError. */
async function judge(
  { ports, task, plan, step, own }: Owned<LoopStep>,
  round: string,
): Promise<{ isOver: boolean; output?: Json | undefined }> {
  const { steps, until, output } = loopOf(step)
  const body = Object.keys(steps).map((id) => pathIn(round, id))
  const around = pathsSeen(plan, parsePath(own.path).scope, needsOfStep(step))
  const ofNames = pathsForNames(plan, { scope: round, path: own.path }, expressionsOfBody(step))
  const records = await ports.steps.findSteps(own.taskId, [...new Set([...body, ...around, ...ofNames])])
  const template =
    output ?? Object.fromEntries(resultStepsOf({ steps }).map((id) => [id, `{% $steps.${id} %}`]))
  const view = { task, plan, scope: round, path: own.path, records }
  const isOver = await resolveExpressions(
    until,
    await namesForExpressions(ports, { ...view, template: until }),
    'repeat.until',
  )
  if (!holds(isOver, 'repeat.until', until)) return { isOver: false }
  const names = await namesForExpressions(ports, { ...view, template })
  return { isOver: true, output: await resolveExpressions(template, names, 'repeat.output') }
}

/** Applies the loop's `onFailure` when a step of its body has failed for good. */
async function settleBody(owned: Owned<LoopStep>, failure: Failure): Promise<ControlAnswer> {
  if (NOT_THE_BODYS.includes(failure.name)) throw verdictOf(failure)
  return over((await settleFailure(owned, failure)).settled)
}
