/**
 * Appends the noted calls to the chains of their tenants. It may run any number of times at once, and end at any instant.
 *
 * Invariants (tests cite them):
 * audit-writer/W1 every call that was noted is in its tenant's chain once, whatever writers run at once and wherever one ends
 * audit-writer/W2 a call that was not concluded in time is appended as `unknown`: its function has ended before it could say
 */
import { type AuditedCall, type ChainEnd, entryAfter, NOTHING_BEFORE } from '../../domain/audit.ts'
import type { NotedCall } from '../../ports/audit.ts'
import type { Ports } from '../../ports/index.ts'

type Needs = Pick<Ports, 'audit' | 'ids' | 'clock'>

/** Longer than any function of the API runs. */
const CONCLUDED_AFTER_MILLISECONDS = 60_000
/** How often a writer tries the next place when others are faster. */
const MOST_TRIES = 50

/**
 * Appends what is noted now, listing by listing, or until `until` (ms since the epoch). Returns how many it has appended. A listing has only some of
 * what is noted: with one of them a run, a caller with enough refused requests would put off the entries of all others for good.
 */
export const appendNoted =
  ({ audit, ids, clock }: Needs) =>
  async ({ until = Number.POSITIVE_INFINITY }: { until?: number } = {}): Promise<number> => {
    const since = new Date(clock.now().getTime() - CONCLUDED_AFTER_MILLISECONDS).toISOString()
    const ends = new Map<string, ChainEnd>()
    let appended = 0
    for (let before = -1; before < appended; ) {
      before = appended
      for (const noted of await audit.listNoted(since)) {
        if (clock.now().getTime() >= until) return appended
        if (await appendCall({ audit, ids, ends }, noted)) appended++
      }
    }
    return appended
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

function callOf({ key: _key, claimed: _claimed, ...call }: NotedCall): AuditedCall {
  return call
}
