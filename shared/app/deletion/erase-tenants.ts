/**
 * Carries the deletions of tenants on, a piece with each run. It may run any number of times at once, and end at any instant: each piece is repeated until
 * there is nothing left of it.
 *
 * Invariants (tests cite them):
 * tenant-deletion/E1 a deletion ends when nothing is left of the tenant in the tables and the bucket, but the digests of its audit and a digest of its
 *    name, whatever its functions have written since it began
 * tenant-deletion/E2 wherever a run ends, the next goes on, and nothing of another tenant is touched
 * tenant-deletion/E3 while it lasts, the tenant's callers are refused, and its keys are gone
 */
import { failureOf } from '../../domain/bounded.ts'
import { LATE_WRITES_MINUTES } from '../../domain/deleted-task.ts'
import { isOpenTask, type Task } from '../../domain/task.ts'
import { DELETION_TOLD_DAYS, type TenantDeletion } from '../../domain/tenant-deletion.ts'
import type { IsTimeUp } from '../../ports/deletions.ts'
import type { Ports } from '../../ports/index.ts'
import { partNames } from '../machines/ensure-machine.ts'
import { cancelOne } from '../tasks/cancel-task.ts'
import { type EraseNeeds, eraseDeleted } from './erase-deleted.ts'

export type EraseTenantNeeds = EraseNeeds &
  Pick<Ports, 'tenants' | 'keys' | 'workflows' | 'machines' | 'collectables'>

type ErasedTenants = { underWay: number; ended: number; failed: string[] }

const MINUTE = 60_000
const DAY = 86_400_000
const PAGE = 100
const AT_ONCE = 4
const SHARED = 'shared-'

/** The failure of one deletion does not stop the others; the next run tries it again. */
export const eraseTenants =
  (ports: EraseTenantNeeds) =>
  async (isTimeUp: IsTimeUp = () => false): Promise<ErasedTenants> => {
    const outcome: ErasedTenants = { underWay: 0, ended: 0, failed: [] }
    for (const deletion of await ports.tenants.listDeletions()) {
      if (isTimeUp()) break
      try {
        if (await carryOn(ports, deletion, isTimeUp)) outcome.ended += 1
        else outcome.underWay += 1
      } catch (error) {
        // Without the name: logs outlive the tenant.
        outcome.failed.push(failureOf(error).message.replaceAll(deletion.tenant, '<tenant>'))
      }
    }
    return outcome
  }

/** True when it has ended. */
async function carryOn(ports: EraseTenantNeeds, begun: TenantDeletion, isTimeUp: IsTimeUp): Promise<boolean> {
  const { tenants, keys, deletions, clock } = ports
  const { tenant } = begun
  for (const key of await keys.listKeys(tenant)) await keys.removeKey(key)
  let deletion: TenantDeletion | undefined = begun
  for (let marked = PAGE; marked > 0; ) {
    if (isTimeUp()) return false
    const page = await markTasks(ports, tenant)
    marked = page.marked
    // What has come late begins the wait anew.
    if (marked > 0)
      deletion = await saved(ports, { ...deletion, tasks: deletion.tasks + marked, quietSince: undefined })
    if (!deletion) return false
    // A task that could not be ended now is tried again by the next run (tenant-deletion/E1).
    if (marked === 0 && page.left > 0) return false
  }
  await eraseDeleted(ports)(isTimeUp)
  const now = clock.now().getTime()
  const isLate =
    deletion.quietSince !== undefined && now >= Date.parse(deletion.quietSince) + LATE_WRITES_MINUTES * MINUTE
  if (deletion.quietSince !== undefined && (!isLate || (await deletions.hasDeleted(tenant)))) return false
  deletion = await emptyRegistry(ports, deletion, isTimeUp)
  if (!deletion || !(await tenants.eraseFiles(tenant, isTimeUp))) return false
  if (!isLate) {
    await saved(ports, { ...deletion, quietSince: clock.now().toISOString() })
    return false
  }
  const { requestedAt, tasks, records } = deletion
  const endedAt = clock.now().toISOString()
  const until = new Date(now + DELETION_TOLD_DAYS * DAY).toISOString()
  return tenants.endDeletion(deletion, { requestedAt, endedAt, tasks, records }, until)
}

/** The deletion as it is stored then; undefined where another run has gone on with it. */
async function saved(
  { tenants }: EraseTenantNeeds,
  deletion: TenantDeletion | (Omit<TenantDeletion, 'quietSince'> & { quietSince: undefined }),
): Promise<TenantDeletion | undefined> {
  const { quietSince, ...rest } = deletion
  const next = { ...rest, ...(quietSince === undefined ? {} : { quietSince }) }
  return (await tenants.saveDeletion(next)) ? { ...next, revision: next.revision + 1 } : undefined
}

/** Marks a page of the tenant's tasks; those that are open are cancelled first. Returns how many, and of how many that was not possible. */
async function markTasks(ports: EraseTenantNeeds, tenant: string): Promise<{ marked: number; left: number }> {
  const { tasks } = await ports.tasks.listTasks({ tenant, limit: PAGE })
  const found = (await Promise.all(tasks.map(({ id }) => ports.tasks.findTask(id)))).filter(
    (task) => task !== undefined,
  )
  await removeShared(ports, found)
  let marked = 0
  for (let at = 0; at < found.length; at += AT_ONCE) {
    const some = await Promise.all(found.slice(at, at + AT_ONCE).map((task) => markOne(ports, task)))
    marked += some.filter(Boolean).length
  }
  return { marked, left: found.length - marked }
}

async function markOne(ports: EraseTenantNeeds, task: Task): Promise<boolean> {
  const ended = isOpenTask(task)
    ? await cancelOne(ports, task, 'its tenant is deleted', { next: false })
    : task
  const now = ended ?? (await ports.tasks.findTask(task.id))
  if (!now || isOpenTask(now)) return false
  return ports.deletions.markDeleted(now, ports.clock.now().toISOString())
}

/**
 * Removes the machines that only workflows of this tenant share: their names have its name in their digest. Before the tasks are marked, which say which
 * they are; what a crash leaves here, the collector removes when it has been unused for 30 days.
 */
async function removeShared(
  { machines, collectables }: EraseTenantNeeds,
  tasks: readonly Task[],
): Promise<void> {
  const names = new Set(tasks.map(({ stateMachineArn }) => nameIn(stateMachineArn)))
  const shared = [...names].filter((name) => name.startsWith(SHARED))
  if (shared.length === 0) return
  const listed = await collectables.listMachines()
  for (const name of shared) {
    const parts = listed.find((machine) => machine.name === name)?.parts ?? 0
    for (const one of [name, ...partNames(name, parts)]) await machines.remove(one, { evenBusy: true })
    await collectables.forgetMachine(name)
  }
}

/** The name in an ARN of a machine, or of one of its versions. */
const nameIn = (arn: string): string => arn.split(':')[6] ?? ''

/** The pass over the registry, from where the one before has stopped; undefined where the time was up before its end. */
async function emptyRegistry(
  ports: EraseTenantNeeds,
  begun: TenantDeletion,
  isTimeUp: IsTimeUp,
): Promise<TenantDeletion | undefined> {
  const { tenants } = ports
  let deletion: TenantDeletion | undefined = begun
  do {
    if (isTimeUp()) return undefined
    const { records, workflows, cursor } = await tenants.listRecords(begun.tenant, deletion.cursor)
    for (const name of workflows) await removeMachines(ports, name)
    await tenants.removeRecords(records)
    const { cursor: _before, ...rest } = deletion
    deletion = await saved(ports, {
      ...rest,
      records: deletion.records + records.length,
      ...(cursor === undefined ? {} : { cursor }),
    })
  } while (deletion?.cursor !== undefined)
  return deletion
}

/** Before their records, which name them. */
async function removeMachines({ workflows, machines }: EraseTenantNeeds, workflow: string): Promise<void> {
  for (const { stateMachineArn, parts = 0 } of await workflows.listVersions(workflow))
    for (const one of [stateMachineArn, ...partNames(nameIn(stateMachineArn), parts)])
      await machines.remove(one, { evenBusy: true })
}
