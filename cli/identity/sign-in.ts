/**
 * Signing in at an issuer: in a browser of this machine (authorization code with PKCE, RFC 7636 and 8252), or on another device (RFC 8628).
 *
 * Invariants (tests cite them):
 * sign-in/S1 a code counts with the state that was sent alone, once, and from the issuer that was asked
 * sign-in/S2 what waits for a person ends: after five minutes, or when the issuer says so
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { CliError, EXIT } from '../cli-error.ts'
import type { Tokens } from './profiles.ts'
import { ask, askForTokens, type Discovery, Refusal, requireSafe } from './tokens.ts'

export type Client = { clientId: string; audience: string; scope: string }

const MOST_WAIT_MILLISECONDS = 300_000

const secret = (): string => randomBytes(32).toString('base64url')

/** Shows an address to a person, and takes the code that the browser brings back to this machine. */
export async function signInByBrowser(
  { issuer, authorization_endpoint, token_endpoint }: Discovery,
  { clientId, audience, scope }: Client,
  show: (url: string) => void,
): Promise<Tokens> {
  const [state, verifier] = [secret(), secret()]
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
  try {
    const url = new URL(authorization_endpoint)
    const asked = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirect,
      scope,
      audience,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
    const coming = codeFrom(server, { state, issuer })
    show(url.href)
    const code = await coming
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirect,
      client_id: clientId,
      code_verifier: verifier,
    }
    return await askForTokens(token_endpoint, fields).catch(told)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** The code in the first request that brings our state; other requests change nothing (sign-in/S1). */
async function codeFrom(
  server: Server,
  { state, issuer }: { state: string; issuer: string },
): Promise<string> {
  const found = Promise.withResolvers<string>()
  const late = setTimeout(
    () => found.reject(new CliError('nobody has signed in within five minutes; try again', EXIT.unreachable)),
    MOST_WAIT_MILLISECONDS,
  )
  server.on('request', (incoming, outgoing) => {
    // Any page may ask here, also with a path that is none.
    const asked = `http://127.0.0.1${incoming.url ?? '/'}`
    const { pathname, searchParams } = new URL(URL.canParse(asked) ? asked : 'http://127.0.0.1')
    const isOurs = pathname === '/callback' && searchParams.get('state') === state
    const from = searchParams.get('iss') ?? issuer
    if (!isOurs || from !== issuer)
      return void outgoing.writeHead(400, PLAIN).end('this is not what was waited for')
    const [code, error] = [searchParams.get('code'), searchParams.get('error')]
    outgoing
      .writeHead(200, PLAIN)
      .end(code ? 'You are signed in. This page can be closed.' : 'You are not signed in.')
    if (code) found.resolve(code)
    else
      found.reject(
        refused(new Refusal(error ?? 'no code', searchParams.get('error_description') ?? undefined)),
      )
  })
  return found.promise.finally(() => clearTimeout(late))
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }

const DeviceSchema = z.object({
  device_code: z.string(),
  user_code: z.string().max(100),
  verification_uri: z.url(),
  verification_uri_complete: z.url().optional(),
  expires_in: z.coerce.number().positive(),
  interval: z.coerce.number().min(0).max(60).default(5),
})

type Pause = (milliseconds: number) => Promise<unknown>

/** Shows an address and a code, with which a person signs in anywhere. */
export async function signInByDevice(
  { device_authorization_endpoint: endpoint, token_endpoint, issuer }: Discovery,
  { clientId, audience, scope }: Client,
  show: (url: string, code: string) => void,
  pause: Pause = delay,
): Promise<Tokens> {
  if (endpoint === undefined)
    throw new CliError(`${issuer} knows no sign-in by another device; leave out --device`)
  const answer = await ask(endpoint, { client_id: clientId, scope, audience })
  const parsed = DeviceSchema.safeParse(await answer.json().catch(() => undefined))
  if (!answer.ok || !parsed.success)
    throw new CliError(
      `${endpoint} has answered ${answer.status}, and not as an issuer does`,
      EXIT.unreachable,
    )
  const {
    device_code,
    user_code,
    verification_uri,
    verification_uri_complete = verification_uri,
    expires_in,
    interval,
  } = parsed.data
  show(requireSafe(verification_uri_complete), user_code)
  const fields = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code,
    client_id: clientId,
  }
  const most = Math.min(1_000 * expires_in, MOST_WAIT_MILLISECONDS)
  let every = 1_000 * interval
  for (let waited = 0; waited <= most; waited += every) {
    await pause(every)
    try {
      return await askForTokens(token_endpoint, fields)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.code === 'slow_down') every += 5_000
      else if (error.code !== 'authorization_pending') throw refused(error)
    }
    every = Math.max(every, 1_000)
  }
  throw new CliError('nobody has signed in within five minutes; try again', EXIT.unreachable)
}

function told(error: unknown): never {
  throw error instanceof Refusal ? refused(error) : error
}

const refused = (error: Refusal): CliError => new CliError(`the issuer refuses: ${error.message}`)
