import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { AuditWriter } from '../../../shared/ports/audit-writer.ts'

export const auditWriterGrants = grantsOf<AuditWriter>()({
  methods: { appendFor: [{ actions: ['lambda:InvokeFunction'], on: { kind: 'audit-writer' } }] },
  modes: { ask: ['appendFor'] },
})
