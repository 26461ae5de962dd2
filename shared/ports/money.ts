import type { Budgets, KeptBudget } from './budgets.ts'

/** A part of a tenant's money of a month; `days` is what was settled on each day (UTC), in billionths of a US dollar. */
export type KeptMoney = KeptBudget & { days: ReadonlyMap<string, number> }

/**
 * The money of tenants, in parts by tenant, month and number. Each part is a budget of its own, kept as those of tasks are: every write is one
 * conditional write of one item.
 */
export type Money = Pick<Budgets, 'create' | 'reserve' | 'settle' | 'enlarge' | 'shrink' | 'raise'> & {
  find(part: string): Promise<KeptMoney | undefined>
}
