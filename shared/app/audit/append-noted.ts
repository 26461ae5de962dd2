/**
 * Appends the noted calls to the chains of their tenants. It may run any number of times at once, and end at any instant.
 *
 * Invariants (tests cite them):
 * audit-writer/W1 every call that was noted is in its tenant's chain once, whatever writers run at once and wherever one ends
 * audit-writer/W2 a call that was not concluded in time is appended as `unknown`: its function has ended before it could say
 * audit-writer/W3 calls of one caller that are refused the same action for the same reason within a minute are at most two entries: the first, and one
 *   that says how many more there were
 * audit-writer/W4 only the writer can put an entry into a chain, and no function can change or remove one
 */
import { type AuditedCall, type ChainEnd, entryAfter, NOTHING_BEFORE } from '../../domain/audit.ts'
import type { NotedCall } from '../../ports/audit.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'audit' | 'ids' | 'clock'>

/** Longer than any function of the API runs. */
const CONCLUDED_AFTER_MILLISECONDS = 60_000
/** How often a writer tries the next place when others are faster. */
const MOST_TRIES = 50

/** What a run has done. `waitsSince`: when the oldest call began that could be appended and was not; undefined without one. */
export type Appended = { appended: number; waitsSince?: string }
type Wanted = {
  /** Milliseconds since the epoch, after which no further call is begun. */
  until?: number
  /** Only calls of this tenant, of one listing. */
  tenant?: string | undefined
}

/**
 * Appends what is noted now, listing by listing, or until `until`. A listing has only some of what is noted: with one of them a run, a caller with enough
 * refused requests would put off the entries of all others for good.
 */
export const appendNoted =
  ({ audit, ids, clock }: Needs) =>
  async ({ until = Number.POSITIVE_INFINITY, tenant }: Wanted = {}): Promise<Appended> => {
    const since = new Date(clock.now().getTime() - CONCLUDED_AFTER_MILLISECONDS).toISOString()
    const ends = new Map<string, ChainEnd>()
    let [appended, dropped] = [0, 0]
    let waitsSince: string | undefined
    for (let before = -1; before < appended + dropped && (tenant === undefined || before < 0); ) {
      before = appended + dropped
      waitsSince = undefined
      for (const noted of await audit.listNoted(since)) {
        if (tenant !== undefined && noted.tenant !== tenant) continue
        if (clock.now().getTime() >= until) return { appended, waitsSince: waitsSince ?? noted.at }
        if (noted.isSingle) {
          await audit.drop(noted)
          dropped++
        } else if (await appendCall({ audit, ids, ends }, noted)) appended++
        else waitsSince ??= noted.at
      }
    }
    return { appended, ...(waitsSince === undefined ? {} : { waitsSince }) }
  }

/** Returns whether this call of it has appended the entry; another writer may have done so. */
async function appendCall(
  { audit, ids, ends }: Pick<Needs, 'audit' | 'ids'> & { ends: Map<string, ChainEnd> },
  given: NotedCall,
): Promise<boolean> {
  let noted = given
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    // A claimed call may be in its chain already, and an end that is kept may be older than its entry.
    if (noted.claimed !== undefined) ends.delete(noted.tenant)
    const end = ends.get(noted.tenant) ?? (await audit.endOf(noted.tenant)) ?? NOTHING_BEFORE
    // Only where the end has passed the place of the claim, it is for ever decided what stands there: another writer appends nothing there later.
    if (noted.claimed !== undefined && noted.claimed <= end.sequence) {
      const there = await audit.findEntry(noted.tenant, noted.claimed)
      if (there?.id === noted.id) {
        await audit.drop(noted)
        return false
      }
    }
    const place = end.sequence + 1
    if (noted.claimed !== place && !(await audit.claim(noted, place))) return false
    noted = { ...noted, claimed: place }
    const entry = entryAfter(end, callOf(noted), ids.digest)
    if (!ends.has(noted.tenant)) await audit.markChain(noted.tenant)
    if (!(await audit.append(entry))) {
      ends.delete(noted.tenant)
      continue
    }
    ends.set(noted.tenant, entry)
    await audit.drop(noted)
    return true
  }
  // The next run goes on with it.
  return false
}

function callOf({ key: _key, claimed: _claimed, isSingle: _isSingle, ...call }: NotedCall): AuditedCall {
  return call
}
