import type { ListAudit } from '../../contracts/audit-views.ts'
import type { AuditEntry } from '../../domain/audit.ts'
import type { Caller } from '../../domain/caller.ts'
import type { Ports } from '../../ports/index.ts'
import { appendNoted } from './append-noted.ts'

/** So that a list never waits for long; what is left the schedule appends. */
const MOST_MILLISECONDS = 5_000

/** The entries of the caller's tenant. Calls that are only noted yet are appended first, so that a caller finds what it has just done. */
export const listAudit =
  (ports: Pick<Ports, 'audit' | 'ids' | 'clock'>) =>
  async (
    { order, from, limit }: ListAudit,
    { tenant }: Caller,
  ): Promise<{ entries: AuditEntry[]; next: number | null }> => {
    await appendNoted(ports)({ until: ports.clock.now().getTime() + MOST_MILLISECONDS })
    const { entries, next } = await ports.audit.listEntries(tenant, {
      newestFirst: order === 'newest',
      from,
      limit,
    })
    return { entries, next: next ?? null }
  }
