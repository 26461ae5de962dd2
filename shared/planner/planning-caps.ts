/**
 * What planning may spend, and the bound that each call of the model is held to before it is made.
 *
 * Invariants (tests cite them):
 * planning-caps/C1 no call is made unless its upper bound fits what is left of tokens and money: the UTF-8 bytes of the input as tokens (a byte-level
 *    vocabulary has no token shorter than a byte) and the most output tokens. A prompt that the provider has
 *    read once counts as it has told
 * planning-caps/C2 what the calls have used, together, is never above a cap, as long as no provider answers more than was asked for
 * planning-caps/C3 there are at most `calls` calls, and planning ends `seconds` after its begin, whether a model answers or not
 */
import { mostInputTokens, tokensOf, usdAt } from '../domain/model-tokens.ts'
import type { ModelPrice, TokenUsage } from '../domain/price-table.ts'
import type { PlannerPrompt } from './planner-prompt.ts'

export type PlanningCaps = {
  calls: number
  /** Input and output tokens of all calls together. */
  tokens: number
  usd: number
  seconds: number
  /** Steps of the planned workflow, those of bodies among them. */
  steps: number
}

export const PLANNING_CAPS: PlanningCaps = { calls: 3, tokens: 20_000, usd: 0.05, seconds: 60, steps: 20 }

/** The share of a task's budget that its planning may cost, and what it may cost in any case: calls are bounded by bytes before they are made. */
const MOST_SHARE = 0.05
const LEAST_USD = 0.02

/** The caps of a task: planning costs at most 5 % of its budget, or 0.02 USD of a small one. */
export function capsWithin(budgetUsd: number | undefined, caps: PlanningCaps = PLANNING_CAPS): PlanningCaps {
  if (budgetUsd === undefined) return caps
  return { ...caps, usd: Math.min(caps.usd, budgetUsd, Math.max(budgetUsd * MOST_SHARE, LEAST_USD)) }
}

export type Spent = { calls: number; tokens: number; usd: number }

export const NOTHING_SPENT: Spent = { calls: 0, tokens: 0, usd: 0 }

/** The most tokens of a draft; one of twenty steps has about 2,000. */
const MOST_OUTPUT_TOKENS = 4_000
/** With less room than this an answer would be cut off. */
const LEAST_OUTPUT_TOKENS = 400
const MILLION = 1e6

type Room = { maxOutputTokens: number; why?: undefined } | { maxOutputTokens?: undefined; why: string }

/** The output tokens that the next call may have with this many input tokens, or why it may not be made (planning-caps/C1). */
export function roomFor(
  inputTokens: number,
  spent: Spent,
  caps: PlanningCaps,
  { price, contextTokens = Number.POSITIVE_INFINITY }: { price: ModelPrice; contextTokens?: number },
): Room {
  if (spent.calls >= caps.calls) return { why: `${spent.calls} calls were made; the most is ${caps.calls}` }
  const ofTokens = caps.tokens - spent.tokens - inputTokens
  const ofMoney = tokensFor(caps.usd - spent.usd - (inputTokens * dearestInput(price)) / MILLION, price)
  const ofContext = contextTokens - inputTokens
  const maxOutputTokens = Math.min(MOST_OUTPUT_TOKENS, ofTokens, ofMoney, ofContext)
  if (maxOutputTokens >= LEAST_OUTPUT_TOKENS) return { maxOutputTokens }
  const asked = `the next call may take ${inputTokens} input and needs ${LEAST_OUTPUT_TOKENS} output tokens`
  if (ofContext < Math.min(ofTokens, ofMoney))
    return { why: `${asked}, and the context of the model has ${contextTokens}` }
  const left =
    ofTokens < ofMoney
      ? `${caps.tokens - spent.tokens} of ${caps.tokens} tokens are left`
      : `${dollars(caps.usd - spent.usd)} of ${dollars(caps.usd)} USD are left, which planning may cost: 5 % of the budget, of a small one up to ${LEAST_USD} USD, and ${PLANNING_CAPS.usd} USD at most`
  return { why: `${asked}, and ${left}` }
}

/** The smallest context, in tokens, with which a model can read a prompt and answer. */
export const leastContext = ({ system, message }: Pick<PlannerPrompt, 'system' | 'message'>): number =>
  mostInputTokens({ system, messages: [message] }) + LEAST_OUTPUT_TOKENS

const dollars = (usd: number): string => String(Number(usd.toFixed(6)))

/** One token less than the quotient, so that no rounding passes the cap. */
const tokensFor = (usd: number, { output }: ModelPrice): number =>
  output === 0 ? (usd < 0 ? 0 : Number.POSITIVE_INFINITY) : Math.floor((usd * MILLION) / output) - 1

/** What is read from a cache may turn out not to be in it, and what is put into it costs more. */
const dearestInput = ({ input, cacheRead = input, cacheWrite = input }: ModelPrice): number =>
  Math.max(input, cacheRead, cacheWrite)

/** All tokens that a provider has read, those of its cache among them. */
export const inputTokensOf = (usage: TokenUsage): number => tokensOf(usage) - usage.outputTokens

export const spentWith = ({ calls, tokens, usd }: Spent, usage: TokenUsage, price: ModelPrice): Spent => ({
  calls: calls + 1,
  tokens: tokens + tokensOf(usage),
  usd: usd + usdAt(price, usage),
})
