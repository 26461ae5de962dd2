import type { Amount } from '../../../../shared/domain/budget.ts'
import type { KeptBudget, Reservation } from '../../../../shared/ports/index.ts'

/** What the items of budgets hold, and under which attributes. */
export type Item = Record<string, unknown>

/** One attribute for each reservation: this, and its slot. */
export const RESERVED = 'reserved '
/** One attribute for each day on which something was settled: this, and its date. Only money of tenants has them. */
export const DAY = 'day '
export const AVAILABLE: Record<keyof Amount, string> = { nanoUsd: 'availableUsd', tokens: 'availableTokens' }
const PARTS = ['nanoUsd', 'tokens'] as const
export const SPENT: Record<keyof Amount, string> = { nanoUsd: 'spentUsd', tokens: 'spentTokens' }

/** The budget of an item; undefined for a child's item. */
export function budgetIn(item: Item): KeptBudget | undefined {
  if (item.parent !== undefined) return undefined
  const limited = PARTS.filter((name) => item[AVAILABLE[name]] !== undefined)
  const held = Object.entries(item).filter(([name]) => name.startsWith(RESERVED))
  return {
    available: Object.fromEntries(limited.map((name) => [name, Number(item[AVAILABLE[name]])])),
    spent: { nanoUsd: Number(item[SPENT.nanoUsd]), tokens: Number(item[SPENT.tokens]) },
    total: item.total as Amount,
    isClosed: item.closed === true,
    reserved: new Map(held.map(([name, value]) => [name.slice(RESERVED.length), reservationIn(value)])),
  }
}

/**
 * The parent in a child's item. Earlier versions stored an object with a slice of the parent's budget, which is
 * ignored.
 */
export const parentIn = ({ parent }: Item): string | undefined =>
  typeof parent === 'object' ? String((parent as { taskId: unknown }).taskId) : (parent as string | undefined)

/** Reservations of earlier versions have no `until`; they count as expired. */
const reservationIn = (value: unknown): Reservation => {
  const { until = 0, ...rest } = value as Omit<Reservation, 'until'> & { until?: number }
  return { ...rest, until }
}
