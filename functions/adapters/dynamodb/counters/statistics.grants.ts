import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { COUNTER_KEYS } from '../../../../shared/contracts/table-layout.ts'
import type { Statistics } from '../../../../shared/ports/index.ts'
import { onRegistry } from '../table-actions.grants.ts'

export const statisticsGrants = grantsOf<Statistics>()({
  methods: {
    add: [onRegistry.update(COUNTER_KEYS.statistics)],
    correct: [onRegistry.update(COUNTER_KEYS.statistics)],
    find: [onRegistry.getAllOf(COUNTER_KEYS.statistics)],
    reset: [onRegistry.put(COUNTER_KEYS.statistics)],
  },
  modes: { read: ['find'], count: ['add'], correct: ['correct'], reset: ['reset'] },
})
