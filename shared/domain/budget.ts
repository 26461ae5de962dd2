import * as z from 'zod'

const NANO = 1e9

/** Money in US dollars: what is less than a billionth is nothing, and no number that DynamoDB could keep. */
export const usdSchema = (what: string) =>
  z
    .number()
    .min(0)
    .max(1_000_000)
    .refine(
      (usd) => usd === 0 || usd >= 1 / NANO,
      `${what} is 0, or at least 0.000000001 (a billionth of a US dollar)`,
    )
    .meta({ not: { exclusiveMinimum: 0, exclusiveMaximum: 1 / NANO } })

/** What a task may spend; what is not named is not limited. */
export const BudgetSchema = z.object({
  usd: usdSchema('a budget').optional(),
  tokens: z.number().int().min(0).max(1e12).optional(),
})
export type Budget = z.infer<typeof BudgetSchema>

/** Money in billionths of a US dollar, and tokens of language models: integers, so that sums are exact. */
export type Amount = { nanoUsd: number; tokens: number }

export const NOTHING: Amount = { nanoUsd: 0, tokens: 0 }
const PARTS = ['nanoUsd', 'tokens'] as const

/** Rounded up: a reservation is never smaller than what it is for. */
export function amountOf({ usd = 0, tokens = 0 }: Budget): Amount {
  // A price of 0.1 is a billionth more than it says otherwise, for the sake of its last bit.
  return { nanoUsd: Math.ceil(Math.round(usd * NANO * 1e3) / 1e3), tokens: Math.ceil(tokens) }
}

/** Which parts of an amount are named. */
export const partsOf = (amount: Partial<Amount>): (keyof Amount)[] =>
  PARTS.filter((part) => amount[part] !== undefined)

export const usdOf = ({ nanoUsd }: Pick<Amount, 'nanoUsd'>): number => nanoUsd / NANO

export const isNothing = ({ nanoUsd, tokens }: Amount): boolean => nanoUsd === 0 && tokens === 0

export const addAmounts = (a: Amount, b: Amount): Amount => ({
  nanoUsd: a.nanoUsd + b.nanoUsd,
  tokens: a.tokens + b.tokens,
})

export const lessAmount = (a: Amount, b: Amount): Amount => ({
  nanoUsd: a.nanoUsd - b.nanoUsd,
  tokens: a.tokens - b.tokens,
})
