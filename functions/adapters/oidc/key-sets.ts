/**
 * The public keys of issuers.
 *
 * Invariants (tests cite them):
 * jwks/J1 only addresses of the stage, and what the discovery document of one of its issuers names, are asked: https, or http of this machine; redirects are not followed
 * jwks/J2 an answer is at most 256 KB and takes at most 3 seconds
 * jwks/J3 an issuer is asked at most once a minute, whatever key ids tokens name, and whether or not it answers
 * jwks/J4 keys that were had are used on while their issuer does not answer, an hour at most
 */
import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { IssuerSettings } from '../../../shared/domain/identity-settings.ts'

/** Finds the key that a token names. */
export type KeySet = ReturnType<typeof createLocalJWKSet>
type Known = { resolve: KeySet | undefined; at: number; askedAt: number; failure: string | undefined }

export type KeySets = {
  /** The keys of an issuer. With `anew`, those of now where its keys are older than a minute. Throws UnavailableError without any. */
  keysOf(issuer: IssuerSettings, anew?: boolean): Promise<KeySet>
}

type Settings = { fetch: typeof globalThis.fetch; now: () => number }

const MOST_BYTES = 256 * 1_024
const MOST_MILLISECONDS = 3_000
const COOLDOWN_MILLISECONDS = 60_000
const FRESH_MILLISECONDS = 600_000
const STALE_MILLISECONDS = 3_600_000
const LOCAL = ['localhost', '127.0.0.1', '[::1]']

export function keySets({ fetch, now }: Settings): KeySets {
  const known = new Map<string, Known>()
  const pending = new Map<string, Promise<Known>>()

  async function ask(issuer: IssuerSettings, before: Known | undefined): Promise<Known> {
    const askedAt = now()
    try {
      const uri = issuer.jwksUri ?? (await discover(issuer.issuer, fetch))
      const resolve = createLocalJWKSet(keySetIn(await readJson(uri, fetch)))
      return { resolve, at: askedAt, askedAt, failure: undefined }
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      return { resolve: before?.resolve, at: before?.at ?? 0, askedAt, failure }
    }
  }

  return {
    async keysOf(issuer, anew = false) {
      const before = known.get(issuer.issuer)
      const isCooling = before !== undefined && now() - before.askedAt < COOLDOWN_MILLISECONDS
      const isFresh = before?.resolve !== undefined && now() - before.at < FRESH_MILLISECONDS
      if (!isCooling && (anew || !isFresh)) {
        const asking = pending.get(issuer.issuer) ?? ask(issuer, before)
        pending.set(issuer.issuer, asking)
        known.set(issuer.issuer, await asking)
        pending.delete(issuer.issuer)
      }
      const { resolve, at = 0, failure } = known.get(issuer.issuer) ?? {}
      if (resolve !== undefined && now() - at < STALE_MILLISECONDS) return resolve
      const message = `the keys of ${issuer.issuer} cannot be had: ${failure}`
      throw new OrchestratorError('UnavailableError', message)
    },
  }
}

/** Where the keys of an issuer are (OpenID Connect Discovery 1.0). */
async function discover(issuer: string, fetch: Settings['fetch']): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const document = await readJson(url, fetch)
  if (member(document, 'issuer') !== issuer)
    throw new Error(
      `${url} is the document of another issuer: ${String(member(document, 'issuer')).slice(0, 200)}`,
    )
  const uri = member(document, 'jwks_uri')
  if (typeof uri !== 'string' || !isSafe(uri, issuer))
    throw new Error(`${url} names no address of keys that may be asked (https)`)
  return uri
}

/** Plain HTTP only for an issuer that is this machine itself. */
function isSafe(text: string, issuer: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username } = new URL(text)
  if (username) return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && LOCAL.includes(hostname) && LOCAL.includes(new URL(issuer).hostname)
}

async function readJson(url: string, fetch: Settings['fetch']): Promise<unknown> {
  const signal = AbortSignal.timeout(MOST_MILLISECONDS)
  const response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } })
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error(`${url} answers more than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
}

function keySetIn(document: unknown): JSONWebKeySet {
  const keys = member(document, 'keys')
  if (Array.isArray(keys) && keys.every((key) => typeof member(key, 'kty') === 'string')) return { keys }
  throw new Error('the document has no keys')
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
