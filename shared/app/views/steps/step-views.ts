import type { StepView } from '../../../contracts/views.ts'
import { shownApproval } from '../../../domain/approval.ts'
import {
  enclosingScopes,
  loopOf,
  numberedPath,
  parsePath,
  pathIn,
  placeOf,
} from '../../../domain/instance-path.ts'
import { beginningOf, type StepRecord, type StepStatus } from '../../../domain/step.ts'
import { isSuspended, type Suspended } from '../../../domain/suspension.ts'
import { isOpenTask, type Task } from '../../../domain/task.ts'
import { millisecondsBetween } from '../../../domain/times.ts'
import { withoutUndefined } from '../../../domain/without-undefined.ts'
import type { Plan } from '../../../ports/index.ts'
import { needsOf, topologicalOrder } from '../../../workflow/graph.ts'
import { stepAtPlace } from '../../../workflow/places.ts'
import { isEach, isFanOut, isLoop, type Step } from '../../../workflow/schema.ts'
import { capabilityOfStep, graphOfWorkflow, oneOfStep } from '../../../workflow/step-needs.ts'
import { decisionOf } from '../../agents/agent-statistics.ts'
import { costWithin, type PaidWithin, paidWithin } from '../../limits/cost-within.ts'
import { bindingAt, goesOnAt, stepAt, stepsAt } from '../../steps/plan-paths.ts'
import { givenDecision, withGivenAgent } from '../../tenants/given-names.ts'
import { itemCounts } from './item-counts.ts'
import { waitingOutput } from './waiting-output.ts'

type Known = {
  task: Task
  plan: Plan
  records: ReadonlyMap<string, StepRecord>
  rounds: Map<string, number>
  /** By fan-out, the items that have records of their own or of steps in them. */
  begun: Map<string, Set<number>>
  paid: PaidWithin
}

/**
 * The steps of a plan in topological order, each with its state; after a loop the steps of its latest round, after a fan-out its items that
 * wait for an answer. With `all`, the steps of every round and item.
 */
export function stepViews(
  task: Task,
  plan: Plan,
  records: readonly StepRecord[],
  { all = false }: { all?: boolean } = {},
): StepView[] {
  const byPath = new Map(records.map((record) => [record.path, record]))
  const begun = itemsIn(plan, records)
  const [rounds, paid] = [roundsIn(plan, records), paidWithin(records)]
  const known = { task, plan, records: byPath, rounds, begun, paid }
  const items = all
    ? begun
    : itemsIn(
        plan,
        records.filter(({ approval }) => approval !== undefined),
      )
  return viewsIn('')

  function viewsIn(scope: string): StepView[] {
    const graph = graphOfWorkflow({ steps: stepsAt(plan, scope) })
    return topologicalOrder(graph).flatMap((stepId) => {
      const path = pathIn(scope, stepId)
      const latest = known.rounds.get(path) ?? 0
      const rounds = Array.from({ length: latest }, (_, at) => at + 1).slice(all ? 0 : -1)
      return [
        viewOf(known, path, [...needsOf(graph, stepId)]),
        ...rounds.flatMap((round) => viewsIn(numberedPath(path, round))),
        ...[...(items.get(path) ?? [])].sort((a, b) => a - b).flatMap((at) => viewsOfItem(path, at)),
      ]
    })
  }

  function viewsOfItem(fanOut: string, at: number): StepView[] {
    const path = numberedPath(fanOut, at)
    const inside = isEach(stepAt(plan, fanOut)) ? viewsIn(path) : []
    return all ? [viewOf(known, path, []), ...inside] : inside.filter(({ status }) => status === 'waiting')
  }
}

/** Items of a fan-out without steps of its own, in order of their index; those that have no record yet are left out. */
export function itemViews(task: Task, plan: Plan, items: readonly StepRecord[]): StepView[] {
  const records = new Map(items.map((record) => [record.path, record]))
  const known = { task, plan, records, rounds: new Map(), begun: new Map(), paid: paidWithin(items) }
  const indexOf = ({ path }: StepRecord): number => parsePath(path).index ?? 0
  return items.toSorted((a, b) => indexOf(a) - indexOf(b)).map(({ path }) => viewOf(known, path, []))
}

/** The latest round of each loop. */
function roundsIn(plan: Plan, records: readonly StepRecord[]): Map<string, number> {
  const rounds = new Map<string, number>()
  for (const { around, index, step } of numbersIn(plan, records)) {
    if (step && isLoop(step)) rounds.set(around, Math.max(index, rounds.get(around) ?? 0))
  }
  return rounds
}

/** The items of each fan-out that have records. */
function itemsIn(plan: Plan, records: readonly StepRecord[]): Map<string, Set<number>> {
  const items = new Map<string, Set<number>>()
  for (const { around, index, step } of numbersIn(plan, records)) {
    if (step && isFanOut(step)) items.set(around, (items.get(around) ?? new Set()).add(index))
  }
  return items
}

/** The numbers of all rounds and items that occur in the records' paths, each with its loop or fan-out. */
function* numbersIn({ workflow }: Plan, records: readonly StepRecord[]) {
  const steps = new Map<string, Step | undefined>()
  for (const { path } of records) {
    for (const one of [path, ...enclosingScopes(parsePath(path).scope)]) {
      const { index } = parsePath(one)
      const around = loopOf(one)
      const place = placeOf(around)
      if (index === undefined) continue
      if (!steps.has(place)) steps.set(place, stepAtPlace(workflow.steps, place))
      yield { around, index, step: steps.get(place) }
    }
  }
}

function viewOf(known: Known, path: string, needs: string[]): StepView {
  const { plan, records, rounds } = known
  const record = records.get(path)
  const step = stepAt(plan, path)
  const decision = decisionOf(plan, path, record?.decision)
  const agentId = record?.agentId ?? bindingAt(plan, path)?.agentId
  return withoutUndefined({
    stepId: path,
    status: hasFailedInside(known, record) ? 'failed' : statusAt(known, path, record),
    ...{ capability: record?.capability ?? capabilityOfStep(step), oneOf: oneOfStep(step) },
    ...withGivenAgent({ agentId }),
    agentVersion: record?.agentVersion ?? (record?.status === 'running' ? record.calledVersion : undefined),
    agentCode: record?.agentCode,
    ...waitingOutput(record),
    needs,
    attempts: (record?.attempts ?? []).map(withGivenAgent),
    ...(record ? timesOf(record) : {}),
    ...costWithin(known.paid, path, record),
    approval: record?.approval && shownApproval(record.approval),
    round: rounds.get(path),
    items: itemCounts(known, path, agentId),
    waitsFor:
      record && isSuspended(record) && isOpenTask(known.task) ? waitsFor(record.suspended) : undefined,
    child: record?.child,
    decision: decision && givenDecision(decision),
  })
}

/** A loop that fails because a step of its body ended the task has no recorded end of its own. */
function hasFailedInside({ task, plan, records, rounds }: Known, record: StepRecord | undefined): boolean {
  if (!record || task.status !== 'failed' || record.status !== 'running' || !rounds.has(record.path))
    return false
  const inside = [...records.values()].filter(({ path }) => path.startsWith(`${record.path}[`))
  return inside.some(({ path, status }) => status === 'failed' && !goesOnAt(plan, path))
}

function timesOf(record: StepRecord): Partial<StepView> {
  const { endedAt, error, skipReason, degraded, reused, evaluation, rating, progress, said, held, status } =
    record
  const startedAt = beginningOf(record)
  const isBegun = held === undefined && record.startedAt !== startedAt
  return {
    startedAt,
    ...(isBegun ? { attemptStartedAt: record.startedAt } : {}),
    ...(held && status === 'running' ? { held } : {}),
    ...(endedAt ? { endedAt, durationMs: millisecondsBetween(startedAt, endedAt) } : {}),
    ...withoutUndefined({ error, skipReason, degraded, reused, evaluation, rating }),
    ...(status === 'running' ? withoutUndefined({ progress, said }) : {}),
  }
}

const waitsFor = ({ n: number, until, since, endsAt }: Suspended): NonNullable<StepView['waitsFor']> => ({
  ...until,
  number,
  since,
  until: endsAt,
})

/** An item with a body has no record before the body has ended. */
function statusAt({ task, plan }: Known, path: string, record: StepRecord | undefined): StepStatus {
  const isItem = parsePath(path).index !== undefined && isEach(stepAt(plan, path))
  if (record === undefined && isItem && isOpenTask(task)) return 'running'
  const status = shownStatus(task, record)
  return status === 'running' && isForMessage(stepAt(plan, path)) ? 'waiting' : status
}

/** Whether a step waits for a message, from its beginning to its end. */
const isForMessage = (step: Step): boolean => 'wait' in step && 'message' in step.wait

/** A step without an end in an ended task is shown as ended with the task. */
function shownStatus(task: Task, record: StepRecord | undefined): StepStatus {
  const status = record?.status ?? 'pending'
  if (isOpenTask(task) && status === 'running' && (record?.approval || (record && isSuspended(record))))
    return 'waiting'
  if (isOpenTask(task) || (status !== 'pending' && status !== 'running')) return status
  return 'cancelled'
}
