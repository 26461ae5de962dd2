/** What a stage says about agents elsewhere: which functions and hosts its callers may register, for each tenant. */
import * as z from 'zod'
import { AllowedHostSchema } from '../allowed-host.ts'
import { DEFAULT_TENANT } from '../caller.ts'
import { SecretNameSchema } from '../secret-source.ts'
import { TenantSchema } from '../tenant.ts'

const RIGHT_FUNCTIONS =
  'ARNs of Lambda functions, of which the end of a name may be left open, e.g. [arn:aws:lambda:eu-central-1:123456789012:function:agents-*]'
/** A name is left open after three letters at least: a lone * would be every function of an account. */
const FUNCTIONS =
  /^arn:aws[a-z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:function:(?:[A-Za-z0-9_-]{3,63}\*|[A-Za-z0-9_-]{1,64})$/

const RIGHT_ORIGIN =
  'the scheme, name or number, and port of a server in a private network, e.g. http://10.0.3.7:8000, https://agents.internal:8443 or http://localhost:8000'

/** As `URL` writes it, without a path. */
const isOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && origin === text && !hostname.endsWith('.')
}

const MOST_ENTRIES = 50

const PART = {
  hosts: z
    .array(AllowedHostSchema)
    .max(MOST_ENTRIES)
    .default([])
    .describe('Hosts on the public internet, as in allowedHosts'),
  privateOrigins: z
    .array(z.string({ error: RIGHT_ORIGIN }).max(300, RIGHT_ORIGIN).refine(isOrigin, RIGHT_ORIGIN))
    .max(MOST_ENTRIES)
    .default([])
    .describe(
      'Servers in private networks, each as scheme, host and port; addresses of metadata services are never called',
    ),
  lambda: z
    .array(z.string({ error: RIGHT_FUNCTIONS }).max(400, RIGHT_FUNCTIONS).regex(FUNCTIONS, RIGHT_FUNCTIONS))
    .max(MOST_ENTRIES)
    .default([])
    .describe('Lambda functions, by ARN; the end of a name may be left open with a *'),
  secrets: z
    .array(SecretNameSchema)
    .max(MOST_ENTRIES)
    .default([])
    .describe('Names of secrets of the stage that calls may be signed with'),
}

const PartSchema = z.strictObject(PART)
/** What callers of one tenant may register. */
export type AllowedElsewhere = z.output<typeof PartSchema>

export const ElsewhereSettingsSchema = z.strictObject({
  ...PART,
  tenants: z
    .record(TenantSchema, PartSchema)
    .refine(
      (tenants) => !Object.hasOwn(tenants, DEFAULT_TENANT),
      'what `default` may stands above, beside `tenants`',
    )
    .default({})
    .describe('The same for other tenants than `default`, by tenant; what stands above is not theirs'),
})
export type ElsewhereSettings = z.output<typeof ElsewhereSettingsSchema>

/** The same as a later release may write it (environment/V2): what is not known is passed over. */
export const ElsewhereOfAnyRelease = z.object({
  ...PART,
  tenants: z.record(z.string(), z.object(PART)).default({}),
})

export const NOTHING_ALLOWED: AllowedElsewhere = { hosts: [], privateOrigins: [], lambda: [], secrets: [] }
