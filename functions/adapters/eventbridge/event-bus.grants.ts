import { type Grant, grantsOf } from '../../../shared/contracts/grants.ts'
import type { EventBus } from '../../../shared/ports/index.ts'

const put: Grant = { actions: ['events:PutEvents'], on: { kind: 'bus' } }

export const eventBusGrants = grantsOf<EventBus>()({
  methods: { publish: [put], deliver: [put] },
  modes: { publish: ['publish'], deliver: ['deliver'] },
})
