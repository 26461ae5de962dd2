import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { ModelUsage } from '../../../../shared/ports/model-usage.ts'
import { onRegistry } from '../table-actions.grants.ts'

export const modelUsageGrants = grantsOf<ModelUsage>()({
  methods: {
    addUse: [onRegistry.update(REGISTRY_PARTITIONS.usage)],
    usesOf: [onRegistry.queryOf(REGISTRY_PARTITIONS.usage)],
  },
  modes: { read: ['usesOf'], count: ['addUse'] },
})
