import { OrchestratorError } from '../../domain/errors.ts'
import { parsePath, pathIn } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { resolveExpressions } from '../../workflow/expressions.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { expressionsOfBody, needsOfStep, resultStepsOf } from '../../workflow/step-needs.ts'
import { namesForExpressions, pathsForNames } from '../steps/expression-names.ts'
import { pathsSeen } from '../steps/plan-paths.ts'
import { failureIn, settleFailure, verdictOf } from '../steps/settle-failure.ts'
import { type Controlled, end, type Owned, over } from './controlled.ts'
import { NOT_THE_BODYS } from './loop.ts'

type Each = StepOf<'steps'>

/** Ends one item of a fan-out with a body: its steps have ended, or one of them has failed for good (control/O8). */
export const item: Controlled<Each> = {
  template: () => ({}),
  // It is in the items of the fan-out.
  inputIn: () => undefined,

  async begin({ own }) {
    throw new OrchestratorError('BugError', `nothing begins "${own.path}": its steps begin by themselves`)
  },

  async end(owned) {
    const { ports, own, call } = owned
    if (call.error?.Error !== undefined) {
      const failure = failureIn(call.error)
      if (NOT_THE_BODYS.includes(failure.name)) throw verdictOf(failure)
      return over((await settleFailure(owned, failure)).settled)
    }
    const output = await ports.values.storeValue(own.taskId, await outputOf(owned))
    return end(owned, { status: 'succeeded', output })
  },
}

/** Evaluates the item's `output`. Throws InvalidInputError, which becomes the item's failure. */
async function outputOf({ ports, task, plan, step, own }: Owned<Each>): Promise<Json> {
  const { steps, output } = step
  const template =
    output ?? Object.fromEntries(resultStepsOf({ steps }).map((id) => [id, `{% $steps.${id} %}`]))
  const view = { scope: own.path, path: own.path }
  const paths = new Set([
    ...Object.keys(steps).map((id) => pathIn(own.path, id)),
    ...pathsSeen(plan, parsePath(own.path).scope, needsOfStep(step)),
    ...pathsForNames(plan, view, expressionsOfBody(step)),
  ])
  const records = await ports.steps.findSteps(own.taskId, [...paths])
  const names = await namesForExpressions(ports, { ...view, task, plan, records, template })
  return (await resolveExpressions(template, names, 'output')) ?? null
}
