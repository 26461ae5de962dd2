import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Handlers } from '../../../shared/ports/index.ts'

export const handlersGrants = grantsOf<Handlers>()({
  methods: { callHandler: [{ actions: ['lambda:InvokeFunction'], on: { kind: 'agent-functions' } }] },
  modes: { call: ['callHandler'] },
})
