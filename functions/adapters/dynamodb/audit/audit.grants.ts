import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Audit } from '../../../../shared/ports/audit.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { audit, noted, chains } = REGISTRY_PARTITIONS

/**
 * Only the writer may put into a chain, on condition that the place is free; no function may change or remove an entry: there is no `UpdateItem` or
 * `DeleteItem` on a chain (audit-writer/W4).
 */
export const auditGrants = grantsOf<Audit>()({
  methods: {
    note: [onRegistry.put(noted)],
    conclude: [onRegistry.update(noted)],
    countRefused: [onRegistry.update(noted)],
    forget: [onRegistry.delete(noted)],
    listNoted: [onRegistry.queryOf(noted)],
    markChain: [onRegistry.update(chains)],
    listChains: [onRegistry.queryOf(chains)],
    markAnchored: [onRegistry.update(chains)],
    claim: [onRegistry.update(noted)],
    append: [onRegistry.put(audit)],
    drop: [onRegistry.delete(noted)],
    endOf: [onRegistry.queryOf(audit)],
    findEntry: [onRegistry.getOf(audit)],
    listEntries: [onRegistry.queryOf(audit)],
  },
  modes: {
    note: ['note', 'conclude', 'countRefused', 'forget'],
    append: ['listNoted', 'claim', 'append', 'drop', 'endOf', 'findEntry', 'markChain'],
    anchor: ['listChains', 'endOf', 'markAnchored'],
    read: ['listEntries'],
  },
})
