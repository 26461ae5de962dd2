import { type Amount, usdOf } from '../../domain/budget.ts'
import type { KeptBudget } from '../../ports/index.ts'

/** A budget in words, for the message of a refusal: whose budget, its limit, and how it was used (budget/U6 of `spend-budget.ts`). */
export function describeBudget(
  root: string,
  { total }: Pick<KeptBudget, 'total'>,
  { spent, held }: { spent: Amount; held: Amount },
  part: keyof Amount,
): string {
  const told = (amount: Amount): string =>
    part === 'nanoUsd' ? `${usdOf(amount)} USD` : `${amount.tokens} tokens`
  return `the budget of task ${root}, ${told(total)} (${told(spent)} spent, ${told(held)} held by others)`
}
