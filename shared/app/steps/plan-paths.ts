/** Resolves instance paths in a plan: which step it is, which agent runs it, and which records its expressions see. */

import { OrchestratorError } from '../../domain/errors.ts'
import {
  enclosingScopes,
  loopOf,
  parsePath,
  pathIn,
  placeOf,
  roundBefore,
} from '../../domain/instance-path.ts'
import { ownOf } from '../../domain/own.ts'
import type { Binding } from '../../domain/plan.ts'
import type { Plan } from '../../ports/index.ts'
import { stepsIn } from '../../workflow/places.ts'
import {
  type AgentStep,
  goesOnAfterFailure,
  isAgentStep,
  isEach,
  isFanOut,
  isLoop,
  type Step,
  type Steps,
} from '../../workflow/schema.ts'
import { byFanOutKind } from '../../workflow/step-kinds.ts'
import { handledBy } from '../../workflow/step-needs.ts'

type Planned = Pick<Plan, 'taskId' | 'workflow'>

/** The step at a path. Throws BugError for a path that is not in the plan. */
export function stepAt(plan: Planned, path: string): Step {
  const { scope, stepId, index } = parsePath(path)
  const step = ownOf(stepsAt(plan, scope), stepId)
  if (!step)
    throw new OrchestratorError('BugError', `the plan of ${plan.taskId} has no step "${path}"`, { path })
  return index === undefined ? step : itemOf(step)
}

/** The step that runs for one item. The fan-out decides whether items run, and what the failure of an item means (resolve/R4). */
function itemOf(step: Step): Step {
  const common = { forEach: undefined, when: undefined, join: 'settled', onFailure: 'continue' } as const
  const given = ({ input }: { input?: unknown }) => ({ input: input ?? '{% $item %}' })
  // The steps of a body see the item as `$item`.
  const input = isFanOut(step)
    ? byFanOutKind<{ input?: unknown }>(step, { agent: given, steps: () => ({}), workflow: given })
    : {}
  return { ...step, ...common, ...input } as Step
}

/** Whether a plan has a step at a path; records of an earlier plan with another definition may not match. */
export function hasStepAt({ workflow }: Pick<Plan, 'workflow'>, path: string): boolean {
  const { scope, stepId } = parsePath(path)
  const steps = stepsIn(workflow.steps, placeOf(scope))
  return steps !== undefined && Object.hasOwn(steps, stepId)
}

/** As {@link stepAt}, for a step that an agent runs. */
export function stepOf(plan: Planned, path: string): AgentStep {
  const step = stepAt(plan, path)
  if (isAgentStep(step)) return step
  throw new OrchestratorError('BugError', `the plan of ${plan.taskId} has no agent step "${path}"`, { path })
}

/** The steps of the graph that a scope runs: the workflow, or a body. */
export function stepsAt({ taskId, workflow }: Planned, scope: string): Steps {
  const steps = stepsIn(workflow.steps, placeOf(scope))
  if (steps) return steps
  throw new OrchestratorError('BugError', `the plan of ${taskId} has no steps in "${scope}"`, { scope })
}

/**
 * Whether the task goes on after the step at a path has failed. For a step inside a loop or fan-out that is decided by the enclosing step:
 * `hasGoneOn` says of a fan-out, by its path, whether it went on.
 */
export function goesOnAt(
  plan: Planned,
  path: string,
  hasGoneOn: (fanOut: string) => boolean = () => true,
): boolean {
  const { scope, index } = parsePath(path)
  if (index !== undefined) return hasGoneOn(loopOf(path))
  if (goesOnAfterFailure(stepAt(plan, path))) return true
  if (scope === '') return false
  const around = stepAt(plan, loopOf(scope))
  if (isEach(around)) return hasGoneOn(loopOf(scope))
  return around.onFailure !== 'fail' || goesOnAt(plan, loopOf(scope), hasGoneOn)
}

/** The planned binding of the step at a path; undefined for a step that is bound late. */
export function bindingAt({ bindings }: Pick<Plan, 'bindings'>, path: string): Binding | undefined {
  return ownOf(bindings, placeOf(path))
}

/** Whether the machine has the states of a suspension for the step at a path. */
export function maySuspendAt({ suspending = [] }: Pick<Plan, 'suspending'>, path: string): boolean {
  return suspending.includes(placeOf(path))
}

/** What the choice of an agent depends on where the step stands. */
export const placeIn = (plan: Pick<Plan, 'suspending'>, path: string) => ({
  stepId: path,
  maySuspend: maySuspendAt(plan, path),
})

/** The paths of the steps with these ids, as seen from a scope: in it, or in an enclosing one. */
export function pathsSeen(plan: Planned, scope: string, ids: Iterable<string>): string[] {
  const scopes = enclosingScopes(scope)
  return [...ids].flatMap((id) => {
    const found = scopes.find((one) => Object.hasOwn(stepsAt(plan, one), id))
    return found === undefined ? [] : [pathIn(found, id)]
  })
}

/** The round of the innermost loop around a scope. */
export const roundAround = (plan: Planned, scope: string): string | undefined =>
  bodiesAround(scope).find((one) => isLoop(stepAt(plan, loopOf(one))))

/** The item that a step's expressions refer to: the step itself, or the innermost one around it. */
export function itemAround(plan: Planned, { scope, path }: View): string | undefined {
  if (path !== undefined && parsePath(path).index !== undefined) return path
  return bodiesAround(scope).find((one) => isEach(stepAt(plan, loopOf(one))))
}

const bodiesAround = (scope: string): string[] => enclosingScopes(scope).filter((one) => one !== '')

/** Every step of the previous round, for `$previous`; none in the first round and outside loops. */
export function pathsOfRoundBefore(plan: Planned, scope: string): string[] {
  const round = roundAround(plan, scope)
  const before = round === undefined ? undefined : roundBefore(round)
  if (round === undefined || before === undefined) return []
  return Object.keys(stepsAt(plan, round)).map((id) => pathIn(before, id))
}

/** The steps whose failure `$error` refers to: those that this handler handles, or that the innermost enclosing handler does. */
export function handledAround(plan: Planned, path: string): string[] {
  const { scope, stepId } = parsePath(path)
  const handled = handledBy({ steps: stepsAt(plan, scope) }, stepId)
  if (handled.length > 0) return handled.map((id) => pathIn(scope, id))
  return scope === '' ? [] : handledAround(plan, loopOf(scope))
}

/** Where expressions are evaluated: the round or item, and the step; without a step for the workflow's own expressions. */
export type View = { scope: string; path?: string | undefined }

/** The paths of the records that variables need, beside steps mentioned by id. */
export function pathsOfNames(plan: Planned, view: View, names: ReadonlySet<string>): string[] {
  const { scope, path } = view
  const item = names.has('item') ? itemAround(plan, view) : undefined
  const round = names.has('asked') ? roundAround(plan, scope) : undefined
  return [
    ...(names.has('previous') ? pathsOfRoundBefore(plan, scope) : []),
    ...(item === undefined ? [] : [loopOf(item)]),
    ...(round === undefined ? [] : [loopOf(round)]),
    ...(names.has('error') && path !== undefined ? handledAround(plan, path) : []),
  ]
}
