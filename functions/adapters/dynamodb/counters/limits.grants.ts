import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { COUNTER_KEYS } from '../../../../shared/contracts/table-layout.ts'
import type { Limits } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { slots, rate } = COUNTER_KEYS

export const limitsGrants = grantsOf<Limits>()({
  methods: {
    // When no slot is free, it looks for expired leases to reclaim.
    takeSlot: [onRegistry.getOf(slots), onRegistry.update(slots)],
    freeSlot: [onRegistry.update(slots)],
    countSlots: [onRegistry.getAllOf(slots)],
    listSlots: [onRegistry.getOf(slots)],
    takeRate: [onRegistry.update(rate)],
    giveBackRate: [onRegistry.update(rate)],
  },
  modes: {
    look: ['countSlots'],
    take: ['takeSlot', 'freeSlot', 'takeRate', 'giveBackRate'],
    /** Tenants' slots, which limit how many tasks of a tenant run concurrently. */
    turns: { methods: ['takeSlot', 'freeSlot'], when: 'tenantConcurrency' },
    /** Places of agents and workflows that a tenant registers. */
    places: { methods: ['takeSlot', 'freeSlot', 'listSlots'], when: 'tenantQuotas' },
    /** Finds the slots of ended tasks. */
    sweep: { methods: ['listSlots'], when: 'tenantConcurrency' },
  },
})
