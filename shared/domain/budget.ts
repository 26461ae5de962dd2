import * as z from 'zod'

const NANO = 1e9

/** Money in US dollars. Amounts below a billionth are refused: they would round to zero, and DynamoDB cannot store such numbers. */
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

/** What a task may spend; a field that is absent means no limit. */
export const BudgetSchema = z.object({
  usd: usdSchema('a budget').optional(),
  tokens: z.number().int().min(0).max(1e12).optional(),
})
export type Budget = z.infer<typeof BudgetSchema>

/** Money in billionths of a US dollar, and tokens of language models: integers, so that sums are exact. */
export type Amount = { nanoUsd: number; tokens: number }

export const NOTHING: Amount = { nanoUsd: 0, tokens: 0 }
const PARTS = ['nanoUsd', 'tokens'] as const

/** Rounded up: a reservation is never smaller than the cost that it covers. */
export function amountOf({ usd = 0, tokens = 0 }: Budget): Amount {
  // Rounding first removes the floating-point error of a price such as 0.1, which would otherwise be rounded up to a billionth more.
  return { nanoUsd: Math.ceil(Math.round(usd * NANO * 1e3) / 1e3), tokens: Math.ceil(tokens) }
}

/** The parts of an amount that are present, that is, limited. */
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
