/** What an instance path means in a plan: which step it is, who runs it, and which records its expressions see. */

import { OrchestratorError } from '../domain/errors.ts'
import { enclosingScopes, loopOf, parsePath, pathIn, placeOf, roundBefore } from '../domain/instance-path.ts'
import { ownOf } from '../domain/own.ts'
import type { Binding } from '../domain/plan.ts'
import type { Plan } from '../ports/index.ts'
import { stepsIn } from '../workflow/places.ts'
import { type AgentStep, goesOnAfterFailure, isAgentStep, type Step, type Steps } from '../workflow/schema.ts'

type Planned = Pick<Plan, 'taskId' | 'workflow'>

/** The step that runs at a path. Throws BugError for a path that the plan has not. */
export function stepAt(plan: Planned, path: string): Step {
  const { scope, stepId, index } = parsePath(path)
  const step = ownOf(stepsAt(plan, scope), stepId)
  if (!step)
    throw new OrchestratorError('BugError', `the plan of ${plan.taskId} has no step "${path}"`, { path })
  // Of its items a fan-out decides itself whether they run, and what it means when one has failed (R4).
  return index === undefined ? step : { ...step, when: undefined, join: 'settled', onFailure: 'continue' }
}

/** Whether a plan has a step at a path: one before it, of another definition, may have had. */
export function hasStepAt({ workflow }: Pick<Plan, 'workflow'>, path: string): boolean {
  const { scope, stepId } = parsePath(path)
  const steps = stepsIn(workflow.steps, placeOf(scope))
  return steps !== undefined && Object.hasOwn(steps, stepId)
}

/** The same for a step that an agent runs. */
export function stepOf(plan: Planned, path: string): AgentStep {
  const step = stepAt(plan, path)
  if (isAgentStep(step)) return step
  throw new OrchestratorError('BugError', `the plan of ${plan.taskId} has no agent step "${path}"`, { path })
}

/** The steps of the graph that a scope is a run of: the workflow's, or those of a loop. */
export function stepsAt({ taskId, workflow }: Planned, scope: string): Steps {
  const steps = stepsIn(workflow.steps, placeOf(scope))
  if (steps) return steps
  throw new OrchestratorError('BugError', `the plan of ${taskId} has no loop "${scope}"`, { scope })
}

/** Whether the task goes on when the step at a path has failed. What fails in a loop is the loop's to judge, which may go on in turn. */
export function goesOnAt(plan: Planned, path: string): boolean {
  if (goesOnAfterFailure(stepAt(plan, path))) return true
  const { scope } = parsePath(path)
  if (scope === '') return false
  const loop = loopOf(scope)
  return stepAt(plan, loop).onFailure !== 'fail' || goesOnAt(plan, loop)
}

/** Who runs the step at a path, as planned; nobody yet for one that is bound late. */
export function bindingAt({ bindings }: Pick<Plan, 'bindings'>, path: string): Binding | undefined {
  return ownOf(bindings, placeOf(path))
}

/** Where the steps with these ids run, as seen from a scope: in it, or in one around it. */
export function pathsSeen(plan: Planned, scope: string, ids: Iterable<string>): string[] {
  const scopes = enclosingScopes(scope)
  return [...ids].flatMap((id) => {
    const found = scopes.find((one) => Object.hasOwn(stepsAt(plan, one), id))
    return found === undefined ? [] : [pathIn(found, id)]
  })
}

/** Every step of the round before, which `$previous` is about; none in the first round. */
export function pathsOfRoundBefore(plan: Planned, scope: string): string[] {
  const before = roundBefore(scope)
  if (before === undefined) return []
  return Object.keys(stepsAt(plan, scope)).map((id) => pathIn(before, id))
}
