import * as z from 'zod'
import { ACCESS_FIELDS, issuesOfAccess } from './agent-access.ts'
import { usdSchema } from './budget.ts'
import { CapabilitySchema } from './capability.ts'
import { ElsewhereSchema } from './elsewhere/place.ts'
import { type Issue, issue } from './issue.ts'
import { RIGHT_TOPIC, TOPIC } from './message.ts'
import { TagSchema } from './prefer.ts'
import { SecretNameSchema } from './secret-source.ts'
import { TENANT_PATTERN } from './tenants.ts'

const AGENT_ID = '[a-z][a-z0-9-]{0,33}'
export const AgentIdSchema = z
  .string()
  .regex(
    new RegExp(`^${AGENT_ID}$`),
    'an agent id is a-z, 0-9 and dashes, starts with a letter, at most 34 characters',
  )

export const AgentLimitsSchema = z.object({
  timeoutSeconds: z.number().int().min(1).max(840).default(60),
  memoryMb: z.number().int().min(128).max(10_240).default(512),
  maxConcurrency: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('The most concurrent calls, over all tasks'),
  ratePerMinute: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('The most calls in a minute, over all tasks'),
})

const MOST_TOKENS = 1e12

export const AgentPriceSchema = z.object({
  perCallUsd: usdSchema('a price').default(0),
  mostUsd: usdSchema('a price')
    .optional()
    .describe(
      'The most that one call can cost, which is reserved in the budget while the call runs; by default perCallUsd, or a tenth of the budget without that',
    ),
  mostTokens: z
    .number()
    .int()
    .min(0)
    .max(MOST_TOKENS)
    .optional()
    .describe(
      'The most tokens of a language model that one call can use, which are reserved in the budget; a tenth of the budget by default',
    ),
})

/** What an agent with a handler for messages says of them. */
export const AgentMessagesSchema = z.object({
  topics: z
    .array(z.string().regex(TOPIC, RIGHT_TOPIC))
    .max(20)
    .meta({ uniqueItems: true })
    .default([])
    .describe('It gets what is published as one of these, in tasks that it works for'),
  bodySchema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the bodies that it takes; a message with another one is set aside'),
})

/** A language model that several agents may share, with the rate limits that apply to all of them together. */
export const AgentModelSchema = z.object({
  name: z.string().min(1).max(128),
  tokensPerMinute: z.number().int().min(1).max(MOST_TOKENS).optional(),
})

/** In place of names: every model that the stage configures. */
export const EVERY_MODEL = '*'

/** What an agent needs from its stage; its function gets the means and the permissions for exactly this. */
export const AgentNeedsSchema = z.object({
  models: z
    .array(
      z
        .string()
        .regex(
          /^(\*|[a-z][a-z0-9-]{0,31})$/,
          'a name of a model is a-z, 0-9 and dashes, starts with a letter, at most 32 characters; "*" is every model of the stage',
        ),
    )
    .max(8)
    .meta({ uniqueItems: true })
    .default([])
    .describe(
      'Names of language models that the stage configures; the agent works without those that it does not, or says what it needs',
    ),
  hosts: z
    .boolean()
    .optional()
    .describe('The hosts that the stage allows to be called, in `context.settings.allowedHosts`'),
  email: z.boolean().optional().describe('To send mail by SES, as the stage says in `email`'),
  webhooks: z
    .boolean()
    .optional()
    .describe('The secret that webhooks are signed with, as the stage says in `webhookSecret`'),
  secrets: z
    .array(SecretNameSchema)
    .max(16)
    .meta({ uniqueItems: true })
    .optional()
    .describe(
      'Names of secrets, such as OPENAI, which the agent reads by `context.secret`; the stage says where each is kept',
    ),
  files: z
    .boolean()
    .optional()
    .describe('false: the agent neither reads nor writes files, and its function may not'),
  messages: z
    .boolean()
    .optional()
    .describe('To send messages to steps and agents of its task, by `context.messages`'),
  ...ACCESS_FIELDS,
})

/** Whether the function of an agent has what sends and handles messages. */
export const usesMessages = ({ needs, messages }: Pick<AgentManifest, 'needs' | 'messages'>): boolean =>
  needs?.messages === true || messages !== undefined

/** Whether an agent needs language models, so that its function has what calls them. */
export const needsModels = ({ needs }: Pick<AgentManifest, 'needs'>): boolean =>
  (needs?.models.length ?? 0) > 0

/** Whether an agent suspends in one of its capabilities, so that its function has what that takes. */
export const maySuspend = ({ capabilities }: Pick<AgentManifest, 'capabilities'>): boolean =>
  capabilities.some(({ suspends }) => suspends === true)

/** Whether an agent may ask for a model of this name. */
export const needsModel = ({ needs }: Pick<AgentManifest, 'needs'>, name: string): boolean =>
  needs?.models.some((needed) => needed === name || needed === EVERY_MODEL) ?? false

/** Whether the host has something to read secrets with in the agent's function. */
export const needsSecrets = ({ needs }: Pick<AgentManifest, 'needs'>): boolean =>
  (needs?.secrets?.length ?? 0) > 0 || needs?.webhooks === true

/** An agent's declaration; the same for agents of this repository and for those registered through the API. */
export const AgentManifestSchema = z.object({
  id: AgentIdSchema,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version is MAJOR.MINOR.PATCH'),
  description: z.string().max(500),
  capabilities: z.array(CapabilitySchema).min(1).max(50).meta({ uniqueItems: true }),
  limits: AgentLimitsSchema.prefault({}),
  typicalSeconds: z
    .number()
    .min(0.001)
    .max(840)
    .optional()
    .describe('The assumed duration of a call until calls have been measured'),
  price: AgentPriceSchema.prefault({}),
  tags: z.array(TagSchema).max(20).default([]),
  tenants: z
    .array(z.string().max(64))
    .max(100)
    .optional()
    .describe('The tenants that may use the agent; all by default'),
  model: AgentModelSchema.optional(),
  messages: AgentMessagesSchema.optional().describe('It handles messages; absent for an agent that does not'),
  needs: AgentNeedsSchema.optional(),
  deprecated: z
    .boolean()
    .optional()
    .describe(
      'The agent gets no new steps and finishes those that are bound to it; after that it can be removed',
    ),
})

export type AgentManifest = z.infer<typeof AgentManifestSchema>

/** Checks that concern several fields of a manifest together; the schema checks each field alone. */
export function issuesOfManifest({ model, price, capabilities, needs }: AgentManifest): Issue[] {
  const names = capabilities.map(({ name }) => name)
  const repeated = repeatedIn(names).map(({ name, at, first }) => {
    const message = `capability "${name}" is there twice: capabilities.${first} has the same name; an agent does a thing in one way`
    return issue('duplicate-capability', `capabilities.${at}.name`, message)
  })
  const asked = repeatedIn(needs?.models ?? []).map(({ name, at, first }) => {
    const message = `model "${name}" is there twice: needs.models[${first}] has the same name; leave one of them out`
    return issue('duplicate-model', `needs.models[${at}]`, message)
  })
  const secrets = repeatedIn(needs?.secrets ?? []).map(({ name, at, first }) => {
    const message = `secret "${name}" is there twice: needs.secrets[${first}] has the same name; leave one of them out`
    return issue('duplicate-secret', `needs.secrets[${at}]`, message)
  })
  const issues = [...repeated, ...asked, ...secrets, ...issuesOfAccess(needs ?? {})]
  if (model?.tokensPerMinute === undefined || price.mostTokens !== undefined) return issues
  const message = `a limit of model.tokensPerMinute (${model.tokensPerMinute}) needs price.mostTokens: as many tokens are taken of the minute before a call`
  return [...issues, issue('missing-most-tokens', 'price.mostTokens', message)]
}

/** The places of names that an earlier place has too. */
const repeatedIn = (names: readonly string[]): { name: string; at: number; first: number }[] =>
  names.map((name, at) => ({ name, at, first: names.indexOf(name) })).filter(({ at, first }) => first < at)

/**
 * Only `active` agents get new bindings. `deprecated` agents finish the steps that are bound to them; `inactive` agents are removed, but
 * their record is kept, so that old tasks can still be read.
 */
export const AgentStatusSchema = z.enum(['active', 'deprecated', 'inactive'])

export const AgentSchema = AgentManifestSchema.extend({
  id: z
    .string()
    .regex(new RegExp(`^(?:${TENANT_PATTERN}/)?${AGENT_ID}$`))
    .describe(
      'The id, within the registry after the tenant that has registered it (not that of `default`) and a slash',
    ),
  status: AgentStatusSchema,
  functionArn: z
    .string()
    .describe('The Lambda function that hosts the agent, or calls it where it is elsewhere'),
  elsewhere: ElsewhereSchema.optional().describe('Where the agent is, if no function of ours hosts it'),
  origin: z.enum(['deployment', 'api']).describe('Who registered it: this stack, or a caller of the API'),
  registeredAt: z.iso.datetime(),
})

export type Agent = z.infer<typeof AgentSchema>
