import type { ModelSettings } from '../domain/model-settings.ts'
import { usdAt } from '../domain/model-tokens.ts'
import type { ModelPrice, PriceTable, TokenUsage } from '../domain/price-table.ts'

/** The page with the prices of models. */
export const MODEL_PRICE_SOURCE = 'https://aws.amazon.com/bedrock/pricing/'

/**
 * Amazon Bedrock on demand, in US dollars per million tokens; for models with a global endpoint its price (regional endpoints cost 10 %
 * more).
 */
export const MODEL_PRICES: PriceTable['models'] = {
  'amazon.nova-micro': { input: 0.035, output: 0.14, cacheRead: 0.00875 },
  'amazon.nova-lite': { input: 0.06, output: 0.24, cacheRead: 0.015 },
  'amazon.nova-pro': { input: 0.8, output: 3.2, cacheRead: 0.2 },
  'amazon.nova-2-lite': { input: 0.33, output: 2.75, cacheRead: 0.0825 },
  'anthropic.claude-3-5-haiku': { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 },
  'anthropic.claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
  'anthropic.claude-sonnet-4': { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  'anthropic.claude-opus-4': { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  'anthropic.claude-opus-4-1': { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 },
  'anthropic.claude-opus-4-20250514': { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 },
  'meta.llama3-3-70b': { input: 0.72, output: 0.72 },
}

/** The id of an inference profile is the model's id after a region prefix. */
const PROFILE = /^(us|eu|apac|jp|au|ca|global|us-gov)\./

/** The region prefix of an inference profile's id, such as `eu`; undefined for the id of a model. */
export const profilePrefixOf = (id: string): string | undefined => PROFILE.exec(id)?.[1]

/** The price of a model; undefined when the table has none. The longest matching name applies. */
export function priceOfModel(model: string, { models }: Pick<PriceTable, 'models'>): ModelPrice | undefined {
  const name = model.replace(PROFILE, '')
  const [found] = Object.keys(models)
    .filter((start) => model.startsWith(start) || name.startsWith(start))
    .sort((a, b) => b.length - a.length)
  return found === undefined ? undefined : models[found]
}

type Priced = Pick<ModelSettings, 'id' | 'price'>

/** The price of a configured model: that of its settings, else of the table; undefined where neither has one. */
export const priceOfSettings = (
  { id, price }: Priced,
  prices: Pick<PriceTable, 'models'>,
): ModelPrice | undefined => price ?? priceOfModel(id, prices)

/** Prices of models by their ids, with those that the settings say, which win. */
export const withPricesOf = (
  settings: Readonly<Record<string, Priced>>,
  models: PriceTable['models'] = {},
): PriceTable['models'] => ({
  ...models,
  ...Object.fromEntries(Object.values(settings).flatMap(({ id, price }) => (price ? [[id, price]] : []))),
})

/** The cost in US dollars; undefined when the table has no price for the model. */
export function usdOfTokens(
  model: string,
  usage: TokenUsage,
  prices: Pick<PriceTable, 'models'>,
): number | undefined {
  const price = priceOfModel(model, prices)
  return price && usdAt(price, usage)
}
