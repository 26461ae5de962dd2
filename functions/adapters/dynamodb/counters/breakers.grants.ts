import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { COUNTER_KEYS } from '../../../../shared/contracts/table-layout.ts'
import type { Breakers } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

export const breakersGrants = grantsOf<Breakers>()({
  methods: {
    find: [onRegistry.getAllOf(COUNTER_KEYS.breaker)],
    replace: [onRegistry.update(COUNTER_KEYS.breaker)],
  },
  modes: { read: ['find'], count: ['replace'] },
})
