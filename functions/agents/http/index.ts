import { defineAgent } from 'orchestrator/agent'
import { JsonSchema } from '../_support/schemas.ts'
import { job } from './job.ts'
import { request } from './request.ts'
import { JobSchema, RequestSchema, ResponseSchema } from './schemas.ts'

export default defineAgent({
  id: 'http',
  version: '1.1.0',
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
    'http.job': {
      description:
        'Starts a job at a host in allowedHosts by POST of {input, callback: {url, token}}, and waits, while nothing runs, until it answers by POST of {output} or {error} to callback.url.',
      input: JobSchema,
      output: JsonSchema,
      suspends: true,
    },
  },
  limits: { timeoutSeconds: 150, memoryMb: 512 },
  async execute(call, context) {
    const { settings } = context
    return call.capability === 'http.job'
      ? job(call.input, settings, context)
      : request(call.input, settings, context)
  },
})
