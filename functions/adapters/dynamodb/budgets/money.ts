import { dayOf } from '../../../../shared/domain/quotas.ts'
import type { Clock, Money } from '../../../../shared/ports/index.ts'
import { moneyKey, type TaskTable } from '../keys.ts'
import { DAY, type Item } from './budget-items.ts'
import { budgetsAt } from './budgets.ts'

/** The money of tenants: budgets under keys of their own, which also tell what was settled on which day. */
export function dynamodbMoney({ clock, ...table }: TaskTable & { clock: Clock }): Money {
  const { create, reserve, settle, enlarge, shrink, raise, findItem } = budgetsAt({
    ...table,
    keyOf: moneyKey,
    today: () => dayOf(clock.now()),
  })
  return {
    create,
    reserve,
    settle,
    enlarge,
    shrink,
    raise,
    async find(part) {
      const found = await findItem(part)
      return found && { ...found.budget, days: daysIn(found.item) }
    },
  }
}

const daysIn = (item: Item): Map<string, number> =>
  new Map(
    Object.entries(item).flatMap(([name, value]) =>
      name.startsWith(DAY) ? [[name.slice(DAY.length), Number(value)]] : [],
    ),
  )
