/**
 * Which approvals a changed retry or fork asks anew.
 *
 * Invariants (tests cite them):
 * approvals-anew/N1 an approval that was given does not count for what its approver has not seen: it is asked anew where it asks something else now, or where a
 *    step behind it runs with another definition or input than it had
 * approvals-anew/N2 it counts where both are the same: nobody is asked twice for one thing
 * approvals-anew/N3 what has succeeded behind an approval that is asked anew does not run again
 */
import { executionOfFence } from '../../contracts/step-payload.ts'
import { parsePath, placeOf } from '../../domain/instance-path.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import type { StepRecord } from '../../domain/step.ts'
import { FIRST_EXECUTION } from '../../domain/task.ts'
import type { AsksAnew, Plan } from '../../ports/index.ts'
import { ancestorsOf } from '../../workflow/graph.ts'
import { everyStep } from '../../workflow/places.ts'
import { type Step, stepKind, type Workflow } from '../../workflow/schema.ts'
import { graphOfWorkflow } from '../../workflow/step-needs.ts'

type Change = {
  before: Plan
  now: Workflow
  records: readonly StepRecord[]
  /** Whether a top-level step will run. */
  runs: (id: string) => boolean
  /** Top-level steps that run again as they are. */
  redo?: readonly string[]
  /** The number of the execution in which they are asked. */
  execution: number
}

/** The approvals of a changed plan that may be asked anew, by place; undefined where there are none. */
export function asksAnew({ before, now, records, runs, redo = [], execution }: Change): AsksAnew | undefined {
  const isApproval = (step: Step): boolean => stepKind(step) === 'approval'
  const former = new Map(everyStep(before.workflow.steps).map(({ place, step }) => [place, textOf(step)]))
  const isChanged = (place: string, step: Step): boolean => former.get(place) !== textOf(step)
  const changed = Object.entries(now.steps).flatMap(([id, step]) =>
    runs(id) && isChanged(id, step) && !isApproval(step) ? [id] : [],
  )
  const ancestors = ancestorsOf(graphOfWorkflow(now))
  const isBehind = (id: string, other: string): boolean => ancestors.get(id)?.has(other) === true
  const begun = [...changed, ...redo]
  const running = Object.keys(now.steps).filter(runs)
  // What runs again as it is has the input that it had, and what is behind it another. That of a step behind the approval follows from what was approved.
  const hasOther = (id: string, approved: string): boolean =>
    begun.some((other) => isBehind(id, other) && !isBehind(other, approved))
  const guardsChange = (top: string): boolean =>
    changed.some((id) => isBehind(id, top)) || running.some((id) => isBehind(id, top) && hasOther(id, top))
  const entries = everyStep(now.steps).flatMap(({ place, step }) => {
    if (!isApproval(step)) return []
    const top = outermost(place)
    const isInside = top !== place && runs(top) && (changed.includes(top) || hasOther(top, top))
    const always = isInside || guardsChange(top)
    return always || isChanged(place, step) ? [[place, { since: execution, always }] as const] : []
  })
  const kept = earlier(before, records, execution).filter(([place]) => former.has(place))
  const all = new Map(kept)
  for (const [place, entry] of entries) if (entry.always || !all.get(place)?.always) all.set(place, entry)
  return all.size > 0 ? Object.fromEntries(all) : undefined
}

/** What an earlier retry has asked anew, and nobody has answered since. */
function earlier(
  { asksAnew = {}, execution: last = FIRST_EXECUTION }: Plan,
  records: readonly StepRecord[],
  execution: number,
): [string, AsksAnew[string]][] {
  return Object.entries(asksAnew)
    .filter(([place, { since }]) =>
      records.some(({ path, fence }) => placeOf(path) === place && executionOfFence(fence) < since),
    )
    .map(([place, entry]) => [place, { ...entry, since: execution > last ? entry.since : execution }])
}

const textOf = (step: Step): string => canonicalJson(step as Json)

/** The top-level step around a place: `improve` of `improve.draft`. */
function outermost(place: string): string {
  const [first = place] = place.split('.')
  return parsePath(first).stepId
}
