import { grantsOf } from '../../../shared/contracts/grants.ts'
import type { Secrets } from '../../../shared/ports/secrets.ts'

export const secretsGrants = grantsOf<Secrets>()({
  methods: { readSecret: [{ actions: ['secretsmanager:GetSecretValue'], on: { kind: 'model-secrets' } }] },
  modes: { read: ['readSecret'] },
})
