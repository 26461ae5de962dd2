import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Loads } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

export const loadsGrants = grantsOf<Loads>()({
  methods: {
    addLoad: [onRegistry.update(REGISTRY_PARTITIONS.load)],
    loadsOf: [onRegistry.queryOf(REGISTRY_PARTITIONS.load)],
  },
  modes: { read: ['loadsOf'], count: ['addLoad'] },
})
