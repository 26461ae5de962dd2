import { defineAgent } from 'orchestrator/agent'
import { request } from './request.ts'
import { RequestSchema, ResponseSchema } from './schemas.ts'

export default defineAgent({
  id: 'http',
  version: '1.0.0',
  typicalSeconds: 1,
  price: { mostUsd: 0, mostTokens: 0 },
  description: 'Calls HTTP APIs of the hosts that the stage allows.',
  tags: ['effect'],
  needs: { hosts: true },
  capabilities: {
    'http.request': {
      description:
        'Sends an HTTP request to a host in allowedHosts of the stage; what may change something is sent again only where an attempt has died, with the same Idempotency-Key.',
      input: RequestSchema,
      output: ResponseSchema,
    },
  },
  limits: { timeoutSeconds: 150, memoryMb: 512 },
  async execute({ input }, context) {
    return request(input, context.settings, context)
  },
})
