import type { ModelSettings } from '../domain/model-settings.ts'
import { usdAt } from '../domain/model-tokens.ts'
import { ownOf } from '../domain/own.ts'
import type { PriceTable } from '../domain/price-table.ts'
import { everyStep } from '../workflow/places.ts'
import type { StepOf, Steps } from '../workflow/schema.ts'
import { priceOfSettings } from './model-prices.ts'

type Models = Readonly<Record<string, ModelSettings>>
type Prices = Pick<PriceTable, 'models'>

/**
 * For each conversation, the most that its model may cost in US dollars, in words: every turn with a full context, by the dearest of the model and its fallbacks. An answer
 * with a schema is asked for once more where it does not fit.
 */
export function mostOfConversations(steps: Steps, models: Models | undefined, prices: Prices): string[] {
  if (models === undefined) return []
  return everyStep(steps).flatMap(({ place, step }) =>
    'converse' in step ? describeMost(place, step.converse, models, prices) : [],
  )
}

function describeMost(
  place: string,
  { model, maxTurns, maxOutputTokens, answer }: StepOf<'converse'>['converse'],
  models: Models,
  prices: Prices,
): string[] {
  const chain = withFallbacks(model, models)
  const ofTurns = chain.map(({ settings }) => {
    const outputTokens = Math.min(maxOutputTokens, settings.contextTokens)
    const price = priceOfSettings(settings, prices)
    return price && usdAt(price, { inputTokens: settings.contextTokens - outputTokens, outputTokens })
  })
  const unpriced = chain.filter((_, at) => ofTurns[at] === undefined).map(({ name }) => name)
  if (chain.length === 0) return []
  if (unpriced.length > 0)
    return [
      `what the model of "${place}" costs is not known: models.${unpriced[0]} of the stage has no price`,
    ]
  const asked = answer === undefined ? 1 : 2
  const usd = asked * maxTurns * Math.max(...ofTurns.map((one = 0) => one))
  const turns = maxTurns === 1 ? 'one turn' : `${maxTurns} turns`
  const repaired = answer === undefined ? '' : ', each with a repair of its answer'
  return [
    `the model of "${place}" costs from nothing to ${Number(usd.toPrecision(2))} USD, which is ${turns} with a full context${repaired}; its calls cost besides`,
  ]
}

/** Fallbacks make no circle. */
function withFallbacks(first: string, models: Models): { name: string; settings: ModelSettings }[] {
  const settings = ownOf(models, first)
  if (settings === undefined) return []
  const { fallback } = settings
  return [{ name: first, settings }, ...(fallback === undefined ? [] : withFallbacks(fallback, models))]
}
