import type * as z from 'zod'
import { type AgentManifest, needsModel } from '../shared/domain/agent.ts'
import type { CallerRole } from '../shared/domain/caller-roles.ts'
import { type ModelSettings, ModelSettingsSchema } from '../shared/domain/model-settings.ts'
import { ModelPriceSchema, type PriceTableSchema } from '../shared/domain/price-table.ts'
import type { Tenants } from '../shared/domain/quotas.ts'
import { shown } from '../shared/domain/shown.ts'
import { withPricesOf } from '../shared/estimator/model-prices.ts'
import { travelling } from './stage-elsewhere.ts'
import { StageError } from './stage-place.ts'

type Models = Readonly<Record<string, ModelSettings>>
type Prices = z.output<ReturnType<typeof PriceTableSchema.partial>>
type Said = { models: Models; prices?: Prices | undefined }
type Travelling = Said & {
  callerRoles: readonly CallerRole[]
  tenants?: Tenants
  agentsElsewhere?: Parameters<typeof travelling>[0] | undefined
}

/** What is wrong with text that is no JSON, by an example of what would be right. */
const EXAMPLES: Readonly<Record<string, string>> = {
  models:
    '{"default": {"provider": "openai-compatible", "url": "http://localhost:11434/v1", "id": "llama3.2", "contextTokens": 4096}}',
  identity: '{"keys": true}',
  tenants: '{"*": {"requestsPerMinute": 600}}',
  agentsElsewhere: '{"hosts": ["agents.example.com"]}',
  secrets: '{"OPENAI": "secretsmanager:prod/openai"}',
}

/** `--context models=<JSON>`, `identity`, `tenants` and `secrets` beside the other fields of the command line, which are text. Throws StageError for what is no JSON. */
export function withParsed(overrides: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(overrides).map(([field, value]) => [
      field,
      typeof value === 'string' && Object.hasOwn(EXAMPLES, field) ? parsed(field, value) : value,
    ]),
  )
}

function parsed(field: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new StageError(`--context ${field}: it is JSON, e.g. ${EXAMPLES[field]}; this is ${shown(text)}`)
  }
}

/** The known names at a path in `models`. */
export function fieldsOfModels([, , inner]: readonly PropertyKey[]): readonly string[] {
  return Object.keys((inner === 'price' ? ModelPriceSchema : ModelSettingsSchema).shape)
}

/** Lambda allows 4 KB of environment variables for a function; the API's other ones take 1.4 KB. */
const MOST_CHARACTERS = 2_500

/** The roles as they travel to the API's function; undefined where they need not, because none is mapped. */
export const mappedRoles = (callerRoles: readonly CallerRole[]): string | undefined =>
  callerRoles.some((entry) => typeof entry !== 'string') ? JSON.stringify(callerRoles) : undefined

/** Prices, models, mapped roles and quotas travel in variables of functions. */
export function issuesOfSizes({
  models,
  prices,
  callerRoles,
  tenants = {},
  agentsElsewhere,
}: Travelling): { field: keyof Travelling; message: string }[] {
  const priced = pricesOfStage({ models, prices })
  const [ofPrices, ofModels] = [priced ?? {}, models].map((value) => JSON.stringify(value).length) as [
    number,
    number,
  ]
  const ofRoles = mappedRoles(callerRoles)?.length ?? 0
  const ofTenants = Object.keys(tenants).length === 0 ? 0 : JSON.stringify(tenants).length
  const ofElsewhere = agentsElsewhere ? JSON.stringify(travelling(agentsElsewhere)).length : 0
  const ofAll = ofPrices + ofModels + ofRoles + ofTenants
  if (ofAll + ofElsewhere <= MOST_CHARACTERS) return []
  if (ofAll <= MOST_CHARACTERS) {
    const message = `models, prices, roles that are mapped, quotas of tenants and agents elsewhere travel in variables of a function, ${MOST_CHARACTERS} characters at most as JSON, and these are ${ofAll + ofElsewhere}, of which agents elsewhere have ${ofElsewhere}: *.example.com is every name below it, and agents-* every function that begins so`
    return [{ field: 'agentsElsewhere', message }]
  }
  if (ofPrices + ofModels + ofRoles <= MOST_CHARACTERS) {
    const message = `models, prices, roles that are mapped and quotas of tenants travel in variables of a function, ${MOST_CHARACTERS} characters at most as JSON, and these are ${ofAll}, of which the quotas have ${ofTenants}: say under "*" what most tenants have`
    return [{ field: 'tenants', message }]
  }
  if (ofPrices + ofModels <= MOST_CHARACTERS) {
    const message = `models, prices and roles that are mapped travel in variables of a function, ${MOST_CHARACTERS} characters at most as JSON, and these are ${ofPrices + ofModels + ofRoles}: let a * stand for several roles`
    return [{ field: 'callerRoles', message }]
  }
  const travel = `travel in variables of a function, ${MOST_CHARACTERS} characters at most`
  if (ofModels <= JSON.stringify({}).length)
    return [{ field: 'prices', message: `they ${travel}: leave out what is as in prices.ts` }]
  const message = `models and prices together ${travel}, and these are ${ofPrices + ofModels} as JSON: leave out models that no agent needs, and prices that are as in prices.ts`
  return [{ field: 'models', message }]
}

/** The stage's prices, with those that its models say; undefined where neither says any. */
export function pricesOfStage({ models, prices }: Said): Prices | undefined {
  if (Object.values(models).every(({ price }) => price === undefined)) return prices
  return { ...prices, models: withPricesOf(models, prices?.models) }
}

/** The configured models that an agent may ask for, with their fallbacks. */
export function modelsFor(
  manifest: Pick<AgentManifest, 'needs'>,
  models: Models,
): Record<string, ModelSettings> {
  const wanted = new Set<string>()
  const want = (name: string | undefined): void => {
    if (name === undefined || wanted.has(name)) return
    wanted.add(name)
    want(models[name]?.fallback)
  }
  for (const name of Object.keys(models)) if (needsModel(manifest, name)) want(name)
  return Object.fromEntries(Object.entries(models).filter(([name]) => wanted.has(name)))
}
