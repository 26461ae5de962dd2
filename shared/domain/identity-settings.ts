import * as z from 'zod'
import { SCOPES } from './caller.ts'
import { ScopeSchema } from './caller-roles.ts'
import { TenantSchema } from './tenant.ts'

const MOST_ISSUERS = 10
const MOST_AUDIENCES = 10
const MOST_TEXT = 300

const RIGHT_URL =
  'an address that begins with https://, without a query and without a user, e.g. https://login.example.com/acme; http:// only for localhost'
const RIGHT_AUDIENCES = 'who the tokens are for, e.g. [https://orchestrator.example.com]'
const RIGHT_CLAIM =
  'the name of a claim, e.g. { claim: tenant }; the name of one inside another with a dot between them'
const RIGHT_TENANT = `a tenant, e.g. acme, or the claim that says it, e.g. { claim: tenant }`
const RIGHT_SCOPES = `scopes (${SCOPES.join(', ')}), or the claim that says them, e.g. { claim: scope }`

const LOCAL = ['localhost', '127.0.0.1', '[::1]']

/** An address that a function may ask for keys. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  if (username || password || search || hash) return false
  return protocol === 'https:' || (protocol === 'http:' && LOCAL.includes(hostname))
}

const url = () => z.string({ error: RIGHT_URL }).max(MOST_TEXT, RIGHT_URL).refine(isSafeUrl, RIGHT_URL)
const ClaimSchema = z.strictObject({
  claim: z.string({ error: RIGHT_CLAIM }).min(1, RIGHT_CLAIM).max(100, RIGHT_CLAIM),
})

/** One that vouches for callers by tokens (OIDC). */
export const IssuerSchema = z.strictObject({
  issuer: url().describe('Its address, as the claim `iss` says it'),
  audiences: z
    .array(z.string({ error: RIGHT_AUDIENCES }).min(1).max(MOST_TEXT), { error: RIGHT_AUDIENCES })
    .min(1, RIGHT_AUDIENCES)
    .max(MOST_AUDIENCES)
    .describe('Its tokens must be for one of them (`aud`)'),
  tenant: z
    .union([TenantSchema, ClaimSchema], { error: RIGHT_TENANT })
    .describe('The tenant of its callers, or the claim that says it: then it may speak for every tenant'),
  scopes: z
    .union([z.array(ScopeSchema).min(1, RIGHT_SCOPES), ClaimSchema], { error: RIGHT_SCOPES })
    .describe(
      'What its callers may do, or the claim that says it: a list, or text with spaces between them; names that are no scopes are left out',
    ),
  jwksUri: url().optional().describe('Where its keys are; by default where its discovery document says'),
  clientId: z
    .string()
    .min(1)
    .max(MOST_TEXT)
    .optional()
    .describe('The public client of `orchestrator login`; without one nobody signs in by it'),
})
export type IssuerSettings = z.output<typeof IssuerSchema>

export const IdentitySchema = z.strictObject({
  issuers: z
    .array(IssuerSchema, { error: 'issuers of tokens, e.g. [{ issuer: https://login.example.com, ... }]' })
    .max(MOST_ISSUERS, `at most ${MOST_ISSUERS} issuers`)
    .refine(
      (issuers) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length,
      'an issuer is named once',
    )
    .default([])
    .describe('Who vouches for callers by tokens'),
  keys: z.boolean({ error: 'true or false' }).default(false).describe('Whether API keys open the door'),
})
export type IdentitySettings = z.output<typeof IdentitySchema>

/** Whether a stage has the door for tokens and keys. */
export const hasTokenDoor = ({ issuers, keys }: IdentitySettings): boolean => keys || issuers.length > 0
