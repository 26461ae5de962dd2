import { HEALTH_PATH, MOST_CALL_BYTES } from '../../../shared/contracts/agent-contract.ts'
import type { HttpPlace } from '../../../shared/domain/elsewhere/place.ts'
import type { AllowedElsewhere } from '../../../shared/domain/elsewhere/settings.ts'
import type { ElsewhereReply, ElsewhereRequest } from '../../../shared/ports/elsewhere.ts'
import { callHost, type Surroundings } from '../../agents/_support/outbound/call-host.ts'
import { signedHeaders } from '../../agents/_support/outbound/sign-webhook.ts'

type Settings = { allowed: AllowedElsewhere; now: () => Date } & Pick<Surroundings, 'resolve' | 'isPublic'>

const MOST_HEALTH_BYTES = 1_000

const surroundingsOf = ({ allowed, now: _, ...rest }: Settings): Surroundings => ({
  ...rest,
  allowedHosts: allowed.hosts,
  privateOrigins: allowed.privateOrigins,
  setting: 'agentsElsewhere.hosts',
})

/** Posts a call to a server, signed where it has a secret; a redirect is an answer, and no success (read-answer.ts). Throws as `callHost`, and ConfigError for a secret that cannot sign. */
export async function postCall(
  settings: Settings,
  { url, secret: name }: HttpPlace,
  { id, body, secret, timeoutSeconds, signal }: ElsewhereRequest,
): Promise<ElsewhereReply> {
  const signed =
    secret === undefined
      ? { 'webhook-id': id }
      : signedHeaders(secret, { id, at: settings.now(), body }, `secret ${name}, that calls are signed with,`)
  const { status, headers, ...answer } = await callHost(
    {
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, application/problem+json',
        'idempotency-key': id,
        ...signed,
      },
      body,
      timeoutSeconds,
      mostBytes: MOST_CALL_BYTES,
    },
    surroundingsOf(settings),
    signal,
  )
  return { kind: 'http', status, headers, body: answer.body.toString('utf8'), truncated: answer.truncated }
}

/** `GET <url>/health`: undefined for any 2xx, or why the server is not well. */
export async function askHealth(
  settings: Settings,
  { url }: HttpPlace,
  timeoutSeconds: number,
): Promise<string | undefined> {
  const at = `${url.replace(/\/+$/, '')}${HEALTH_PATH}`
  const { status } = await callHost(
    { url: at, method: 'GET', timeoutSeconds, mostBytes: MOST_HEALTH_BYTES, mostRedirects: 0 },
    surroundingsOf(settings),
    AbortSignal.timeout(timeoutSeconds * 1_000),
  )
  return status >= 200 && status < 300 ? undefined : `GET ${at} answered ${status}`
}
