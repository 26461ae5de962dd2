import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Bell } from '../../../shared/ports/index.ts'

export const bellGrants = grantsOf<Bell>()({
  methods: { ring: [{ actions: ['sqs:SendMessage'], on: { kind: 'messages-queue' } }] },
  modes: { ring: ['ring'] },
})
