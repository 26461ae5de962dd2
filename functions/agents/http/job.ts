import { type AgentContext, FinalError, type Json, type Suspension } from 'orchestrator/agent'
import type { Surroundings } from '../_support/outbound/call-host.ts'
import { request } from './request.ts'
import { type JobInput, RequestSchema } from './schemas.ts'

type Context = Pick<AgentContext, 'signal' | 'once' | 'files' | 'resumed' | 'callback' | 'suspend'>

/** Starts a job outside, once, and waits until it answers the callback; nothing runs meanwhile. Throws FinalError where the job fails, or does not answer in time. */
export async function job(
  input: JobInput,
  around: Surroundings,
  context: Context,
): Promise<Json | Suspension> {
  const { url, headers, waitSeconds, heartbeatSeconds } = input
  const { resumed } = context
  if (resumed) return outcomeOf(input, resumed.by)
  const callback = await context.callback()
  const json = { input: input.input, callback: { ...callback } }
  await request(RequestSchema.parse({ url, method: 'POST', headers, json }), around, context)
  const heartbeat = heartbeatSeconds === undefined ? {} : { heartbeatSeconds }
  return context.suspend({ until: { callback, timeoutSeconds: waitSeconds, ...heartbeat } })
}

function outcomeOf(
  { url, waitSeconds, heartbeatSeconds }: JobInput,
  by: NonNullable<Context['resumed']>['by'],
): Json {
  if (by.kind === 'callback' && by.error)
    throw new FinalError(`the job at ${url} has failed: ${by.error.name}: ${by.error.message}`)
  if (by.kind === 'callback') return by.output
  const silent =
    heartbeatSeconds === undefined ? '' : `, or was silent for ${heartbeatSeconds} s (heartbeatSeconds)`
  throw new FinalError(`the job at ${url} has not answered within ${waitSeconds} s (waitSeconds)${silent}`)
}
