import { type Issue, issue } from '../domain/issue.ts'
import { topologicalOrder } from './graph.ts'
import type { Step, Steps } from './schema.ts'
import { graphOfWorkflow, handledBy, needsOfStep } from './step-needs.ts'

/**
 * Steps that can never run: a handler runs only when the step it handles has failed, so a step that needs both to succeed never runs, nor
 * do the steps that depend on it.
 */
export function issuesOfNever(steps: Steps, path: string): Issue[] {
  const never = new Map<string, string>()
  for (const id of topologicalOrder(graphOfWorkflow({ steps }))) {
    const step = steps[id] as Step
    // A handler does not wait for the success of what it handles.
    const handled = handledBy({ steps }, id)
    const needs = [...needsOfStep(step)].filter(
      (need) => Object.hasOwn(steps, need) && !handled.includes(need),
    )
    const why = reasonOfNever(
      steps,
      step.join,
      needs,
      needs.filter((need) => never.has(need)),
    )
    if (why) never.set(id, why)
  }
  return [...never].map(([id, why]) =>
    issue('never-runs', `${path}.${id}`, `step "${id}" can never run: ${why}; say join: any or settled`),
  )
}

/** Why a step with these needs can never run, `inVain` being those that never run; undefined when it can. */
function reasonOfNever(
  steps: Steps,
  join: Step['join'],
  needs: readonly string[],
  inVain: readonly string[],
): string | undefined {
  if (join === 'settled') return undefined
  const handler = needs.find((need) => isHandlerAmong(handledBy({ steps }, need), needs))
  if (join === 'all' && handler !== undefined)
    return `"${handler}" runs only when ${handledBy({ steps }, handler).join(', ')} failed, and it needs the success of both`
  const hasNone = join === 'all' ? inVain.length > 0 : needs.length > 0 && inVain.length === needs.length
  return hasNone ? `it needs "${inVain[0]}", which can never run` : undefined
}

const isHandlerAmong = (handled: readonly string[], needs: readonly string[]): boolean =>
  handled.length > 0 && handled.every((id) => needs.includes(id))
