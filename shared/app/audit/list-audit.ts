import type { ListAudit } from '../../contracts/audit-views.ts'
import type { AuditEntry } from '../../domain/audit.ts'
import type { Caller } from '../../domain/caller.ts'
import { parseTime } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'

type Page = { entries: AuditEntry[]; next: number | null; incomplete?: true }

/** How many entries a request with a filter looks through at most, and how many of them it reads at once. */
const MOST_READ = 1_000
const AT_ONCE = 100

/**
 * The entries of the caller's tenant that fit. For the first page its calls that are only noted yet are appended before, so that a caller finds what it
 * has just done.
 */
export const listAudit =
  ({ audit, auditWriter }: Pick<Ports, 'audit' | 'auditWriter'>) =>
  async ({ order, from, limit, ...filter }: ListAudit, { tenant }: Caller): Promise<Page> => {
    const newestFirst = order === 'newest'
    const isFirst = from === undefined || (!newestFirst && from === 1)
    const isAppended = !isFirst || (await auditWriter.appendFor(tenant))
    const fits = fitting(filter)
    const isFiltered = Object.values(filter).some((value) => value !== undefined)
    const entries: AuditEntry[] = []
    let at = from
    for (let read = 0; read < MOST_READ; ) {
      const page = await audit.listEntries(tenant, {
        newestFirst,
        from: at,
        limit: isFiltered ? AT_ONCE : limit,
      })
      read += page.entries.length
      const left = limit - entries.length
      const fit = page.entries.filter(fits)
      entries.push(...fit.slice(0, left))
      at = fit[left]?.sequence ?? page.next
      if (at === undefined || fit.length >= left) break
    }
    return { entries, next: at ?? null, ...(isAppended ? {} : { incomplete: true }) }
  }

type Filter = Omit<ListAudit, 'order' | 'from' | 'limit'>

function fitting({ subject, action, resource, outcome, since, until }: Filter) {
  const [first, end] = [parseTime(since) ?? 0, parseTime(until) ?? Number.POSITIVE_INFINITY]
  const below = resource?.replace(/\/+$/, '')
  return (entry: AuditEntry): boolean =>
    (subject === undefined || entry.subject === subject) &&
    (action === undefined || entry.action === action) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (below === undefined || entry.resource === below || entry.resource.startsWith(`${below}/`)) &&
    Date.parse(entry.at) >= first &&
    Date.parse(entry.at) < end
}
