/** The parts of a tenant's money in a month. */
import { type Amount, usdOf } from '../../domain/budget.ts'
import type { KeptMoney, Money } from '../../ports/index.ts'
import { heldOf } from './spend-budget.ts'

/** A partition takes about 1,000 writes a second, of the size of its item: see ADR 36 for what this number gives. Never changed within a month. */
export const PARTS_OF_MONTH = 8
const MOST_TRIES = 30

/** A month of a tenant: `quota` in billionths of a US dollar. */
export type Month = { tenant: string; month: string; quota: number }
/** The name of a part. */
export const partOf = ({ tenant, month }: Month, at: number): string => `${tenant}/${month}/${at}`

/** What a part has of the quota: together exactly the quota. */
export function shareOf({ quota }: Month, at: number): number {
  return Math.floor(quota / PARTS_OF_MONTH) + (at < quota % PARTS_OF_MONTH ? 1 : 0)
}

/** A part that nobody has used has its share. */
export function availableIn(month: Month, at: number, kept: KeptMoney | undefined): number {
  const share = shareOf(month, at)
  return kept ? (kept.available.nanoUsd ?? 0) + share - kept.total.nanoUsd : share
}

/** What the parts of a month hold and have spent at a time (in seconds); what is overdue counts as spent (month/M4), and is also told. */
export function usedIn(
  parts: readonly (KeptMoney | undefined)[],
  now: number,
): { spent: number; held: number; overdue: number } {
  const sum = { spent: 0, held: 0, overdue: 0 }
  for (const part of parts) {
    if (!part) continue
    const { held, overdue } = heldOf(part, now)
    sum.spent += part.spent.nanoUsd + overdue.nanoUsd
    sum.held += held.nanoUsd
    sum.overdue += overdue.nanoUsd
  }
  return sum
}

/** The parts whose share was looked at, by their store: once for each worker and quota. */
const made = new WeakMap<Money, Set<string>>()

/** A part with its share of the quota, also where the stage has changed the quota within the month. */
export async function makePart(money: Money, month: Month, at: number): Promise<void> {
  const known = made.get(money) ?? new Set()
  made.set(money, known)
  const part = partOf(month, at)
  const key = `${part} ${month.quota}`
  if (known.has(key)) return
  const share: Amount = { nanoUsd: shareOf(month, at), tokens: 0 }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const kept = await money.find(part)
    if (!kept) await money.create(part, { usd: usdOf(share) })
    else if (kept.total.nanoUsd === share.nanoUsd || (await money.raise(part, kept.total, share))) break
  }
  // Months pass.
  if (known.size > 1_000) known.clear()
  known.add(key)
}
