import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Logs } from '../../../shared/ports/logs.ts'

export const logsGrants = grantsOf<Logs>()({
  methods: { listLines: [{ actions: ['logs:FilterLogEvents'], on: { kind: 'function-logs' } }] },
  modes: { read: ['listLines'] },
})
