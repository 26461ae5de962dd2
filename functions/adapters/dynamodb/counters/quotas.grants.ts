import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Quotas } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

const { quota } = REGISTRY_PARTITIONS

export const quotasGrants = grantsOf<Quotas>()({
  methods: {
    quotasOf: [],
    takeRequests: [onRegistry.update(quota)],
    // Where it is refused, it looks whether the task is counted already.
    countTask: [onRegistry.getOf(quota), onRegistry.update(quota)],
    keepTask: [onRegistry.update(quota)],
    giveBackTask: [onRegistry.update(quota)],
    usedOf: [onRegistry.getAllOf(quota)],
  },
  modes: {
    know: ['quotasOf'],
    /** Counts requests and tasks. */
    count: {
      methods: ['takeRequests', 'countTask', 'keepTask', 'giveBackTask', 'usedOf'],
      when: 'tenantQuotas',
    },
  },
})
