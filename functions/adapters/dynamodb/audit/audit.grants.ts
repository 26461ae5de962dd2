import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Audit } from '../../../../shared/ports/audit.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { audit, noted } = REGISTRY_PARTITIONS

/** No function may change or remove an entry: `PutItem` is conditional, and there is no `UpdateItem` or `DeleteItem` on a chain. */
export const auditGrants = grantsOf<Audit>()({
  methods: {
    note: [onRegistry.put(noted)],
    conclude: [onRegistry.update(noted)],
    listNoted: [onRegistry.query],
    claim: [onRegistry.update(noted)],
    append: [onRegistry.put(audit)],
    drop: [onRegistry.delete(noted)],
    endOf: [onRegistry.query],
    findEntry: [onRegistry.get],
    listEntries: [onRegistry.query],
  },
  modes: {
    note: ['note', 'conclude'],
    append: ['listNoted', 'claim', 'append', 'drop', 'endOf', 'findEntry'],
    read: ['listEntries'],
  },
})
