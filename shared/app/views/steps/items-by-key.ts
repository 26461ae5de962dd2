import type * as z from 'zod'
import type { ListStepsSchema } from '../../../contracts/list-requests.ts'
import type { StepView } from '../../../contracts/views.ts'
import { loopOf, numberedPath, parsePath } from '../../../domain/instance-path.ts'
import type { StepRecord } from '../../../domain/step.ts'
import type { Task } from '../../../domain/task.ts'
import type { Plan, Ports } from '../../../ports/index.ts'
import { isEach, isFanOut } from '../../../workflow/schema.ts'
import { hasStepAt, stepAt } from '../../steps/plan-paths.ts'
import { itemViews } from './step-views.ts'

type Asked = Pick<z.output<typeof ListStepsSchema>, 'status' | 'under' | 'limit' | 'cursor'>
type Needs = Pick<Ports, 'plans' | 'steps'>

/**
 * The items of which a page consists, and one more where there is one, read by their keys: a page of a fan-out of 9,000 items reads no other
 * item, and one of those with a status only these. Undefined for a page that is not within the items of one fan-out, or is filtered by what no
 * record says: that takes all records. `isCut`: the items before the page are left out already.
 */
export async function itemsByKey(
  { plans, steps }: Needs,
  task: Task,
  { status, under, limit, cursor }: Asked,
): Promise<{ steps: StepView[]; records: StepRecord[]; isCut?: true } | undefined> {
  const fanOut = cursor === undefined ? under : loopOf(cursor)
  const isWithin = under === undefined || under === fanOut
  if (fanOut === undefined || fanOut === cursor || !isWithin) return undefined
  const ended = ENDED.find((one) => one === status)
  if (status !== undefined && (ended === undefined || under === undefined)) return undefined
  const plan = await plans.getPlan(task.id, task.execution)
  if (!isPlainFanOut(plan, fanOut)) return undefined
  if (ended) return itemsThat(steps, task, plan, { ended, fanOut, cursor })
  const from = cursor === undefined ? 0 : (parsePath(cursor).index ?? 0)
  // The item that the cursor names, those of the page, and the one that tells whether there is another page.
  const paths = Array.from({ length: limit + 2 }, (_, at) => numberedPath(fanOut, from + at))
  const [records, [around]] = await Promise.all([
    steps.findSteps(task.id, cursor === undefined ? paths.slice(0, -1) : paths),
    steps.findSteps(task.id, [fanOut]),
  ])
  const isFull = records.length >= (cursor === undefined ? limit + 1 : limit + 2)
  // Only where nothing but items is asked for does the last of them end the last page.
  const isLast = under === fanOut && around?.itemCount !== undefined && from + limit + 1 >= around.itemCount
  if (!isFull && !isLast) return undefined
  if (cursor !== undefined && !records.some(({ path }) => path === cursor)) return undefined
  return { steps: itemViews(task, plan, records), records }
}

/** What a record says as it is shown: an end is never taken back but by a retry. */
const ENDED = ['succeeded', 'failed', 'skipped'] as const

/** The items that have ended so, after the cursor, whose item may have another status by now. */
async function itemsThat(
  steps: Ports['steps'],
  task: Task,
  plan: Plan,
  { ended, fanOut, cursor }: { ended: (typeof ENDED)[number]; fanOut: string; cursor: string | undefined },
) {
  const found = await steps.listSteps(task.id, { within: fanOut, status: ended })
  const last = cursor === undefined ? -1 : (parsePath(cursor).index ?? -1)
  const records = found.filter(({ path }) => (parsePath(path).index ?? 0) > last)
  return { steps: itemViews(task, plan, records), records, isCut: true as const }
}

/** Whether it is a fan-out without steps of its own, so that all of an item is in one record. */
function isPlainFanOut(plan: Plan, path: string): boolean {
  if (!hasStepAt(plan, path)) return false
  const step = stepAt(plan, path)
  return isFanOut(step) && !isEach(step)
}
