import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { COUNTER_KEYS } from '../../../../shared/contracts/table-layout.ts'
import type { Limits } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { slots, rate } = COUNTER_KEYS

export const limitsGrants = grantsOf<Limits>()({
  methods: {
    // Where none is free, expired leases are looked for.
    takeSlot: [onRegistry.get, onRegistry.update(slots)],
    freeSlot: [onRegistry.update(slots)],
    countSlots: [onRegistry.getAll],
    listSlots: [onRegistry.get],
    takeRate: [onRegistry.update(rate)],
  },
  modes: {
    look: ['countSlots'],
    take: ['takeSlot', 'freeSlot', 'takeRate'],
    /** The slots of a tenant, which a task takes when its turn comes. */
    turns: { methods: ['takeSlot', 'freeSlot'], when: 'tenantConcurrency' },
    /** Those of ended tasks. */
    sweep: { methods: ['listSlots'], when: 'tenantConcurrency' },
  },
})
