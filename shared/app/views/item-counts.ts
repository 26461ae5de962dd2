import type { ItemCounts } from '../../contracts/views.ts'
import { numberedPath } from '../../domain/instance-path.ts'
import type { StepRecord } from '../../domain/step.ts'
import { isOpenTask, type Task } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'

type Known = {
  task: Task
  records: ReadonlyMap<string, StepRecord>
  /** By fan-out, the items that have records of their own or of steps in them. */
  begun: ReadonlyMap<string, ReadonlySet<number>>
}

/** The items of a fan-out by their state; undefined for another step, and before the items are known. */
export function itemCounts({ task, records, begun }: Known, fanOut: string): ItemCounts | undefined {
  const indexes = begun.get(fanOut)
  const total = records.get(fanOut)?.itemCount
  if (!indexes && total === undefined) return undefined
  // An item with a body has no record before its end.
  const statuses = [...(indexes ?? [])].map(
    (index) => records.get(numberedPath(fanOut, index))?.status ?? 'running',
  )
  const count = (wanted: StepRecord['status']): number =>
    statuses.filter((status) => status === wanted).length
  return withoutUndefined({
    total,
    // In an ended task no item runs.
    running: isOpenTask(task) ? count('running') : 0,
    succeeded: count('succeeded'),
    failed: count('failed'),
  })
}
