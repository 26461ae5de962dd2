import type { ItemCounts } from '../../../contracts/views.ts'
import { numberedPath } from '../../../domain/instance-path.ts'
import type { StepRecord } from '../../../domain/step.ts'
import { isOpenTask, type Task } from '../../../domain/task.ts'
import { givenName } from '../../../domain/tenants.ts'
import { withoutUndefined } from '../../../domain/without-undefined.ts'

type Known = {
  task: Task
  records: ReadonlyMap<string, StepRecord>
  /** By fan-out, the items that have records of their own or of steps in them. */
  begun: ReadonlyMap<string, ReadonlySet<number>>
}

/** The items of a fan-out by their state; undefined for another step, and before the items are known. `agentId`: the agent of the step. */
export function itemCounts(
  { task, records, begun }: Known,
  fanOut: string,
  agentId: string | undefined,
): ItemCounts | undefined {
  const indexes = begun.get(fanOut)
  const total = records.get(fanOut)?.itemCount
  if (!indexes && total === undefined) return undefined
  // An item with a body has no record before its end.
  const items = [...(indexes ?? [])].map((index) => records.get(numberedPath(fanOut, index)))
  const statuses = items.map((item) => item?.status ?? 'running')
  const count = (wanted: StepRecord['status']): number =>
    statuses.filter((status) => status === wanted).length
  return withoutUndefined({
    total,
    // In an ended task no item runs.
    running: isOpenTask(task) ? count('running') : 0,
    succeeded: count('succeeded'),
    failed: count('failed'),
    agents: agentsOf(items, agentId),
  })
}

/** Undefined where all are the work of the step's own agent. */
function agentsOf(
  items: readonly (StepRecord | undefined)[],
  planned: string | undefined,
): ItemCounts['agents'] {
  const counts = new Map<string, number>()
  for (const { status, agentId } of items.filter((item) => item !== undefined)) {
    if (agentId === undefined || (status !== 'succeeded' && status !== 'failed')) continue
    counts.set(agentId, (counts.get(agentId) ?? 0) + 1)
  }
  return [...counts.keys()].some((id) => id !== planned)
    ? Object.fromEntries([...counts].map(([id, items]) => [givenName(id), items]))
    : undefined
}
