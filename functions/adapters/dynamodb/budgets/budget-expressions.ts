/** Parts of the expressions that change a budget. */
import type { Amount } from '../../../../shared/domain/budget.ts'
import type { Reservation } from '../../../../shared/ports/index.ts'
import { AVAILABLE, DAY, type Item, SPENT } from './budget-items.ts'

export const adding = (limits: readonly (keyof Amount)[]): string[] =>
  limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} + :${name}`)
export const taking = (limits: readonly (keyof Amount)[]): string[] =>
  limits.map((name) => `${AVAILABLE[name]} = ${AVAILABLE[name]} - :${name}`)
export const addingValues = (limits: readonly (keyof Amount)[], more: Amount): Item =>
  Object.fromEntries(limits.map((name) => [`:${name}`, more[name]]))

/** The condition that exactly this reservation is held. */
export const isReserved = ['holder', 'nanoUsd', 'tokens'].map(
  (name) => `#reserved.${name} = :${name}Reserved`,
)
export const reservedValues = ({ holder, nanoUsd, tokens }: Reservation): Item => ({
  ':holderReserved': holder,
  ':nanoUsdReserved': nanoUsd,
  ':tokensReserved': tokens,
})

/** The operands of a condition that an attribute holds this amount. */
export const isAmount = (attribute: string): string[] => [
  `${attribute}.nanoUsd = :fromUsd`,
  `${attribute}.tokens = :fromTokens`,
]
export const amountValues = ({ nanoUsd, tokens }: Amount): Item => ({
  ':fromUsd': nanoUsd,
  ':fromTokens': tokens,
})

export const spending = [
  `${SPENT.nanoUsd} = ${SPENT.nanoUsd} + :spentUsd`,
  `${SPENT.tokens} = ${SPENT.tokens} + :spentTokens`,
]
export const spendingValues = ({ nanoUsd, tokens }: Amount): Item => ({
  ':spentUsd': nanoUsd,
  ':spentTokens': tokens,
})

/** The same for the day under which what is settled is also counted. */
export const onDay = (
  day: string | undefined,
): { set: string[]; names: Record<string, string>; values: Item } =>
  day === undefined
    ? { set: [], names: {}, values: {} }
    : {
        set: ['#day = if_not_exists(#day, :zero) + :spentUsd'],
        names: { '#day': DAY + day },
        values: { ':zero': 0 },
      }
