import type { QuotasOfTenant } from '../domain/quotas.ts'

/** What tenants have used in a minute and in a day; money of a month is a budget (`Money`). */
export type Quotas = {
  /** What the stage says for a tenant. */
  quotasOf(tenant: string): QuotasOfTenant
  /**
   * Takes requests from the quota of a minute (`2026-11-29T13:40`); `used` is what is taken of it with these. Undefined where the rest of
   * the quota is too small: then nothing is taken.
   */
  takeRequests(
    tenant: string,
    minute: string,
    amount: number,
    most: number,
  ): Promise<{ used: number } | undefined>
  /**
   * Counts a task for a day (`2026-11-29`) before it is stored; `ticket` is this request's own. False where the day is full. What is counted and neither
   * kept nor given back, because its caller has died, stays counted. Idempotent.
   */
  countTask(tenant: string, day: string, ticket: string, most: number): Promise<boolean>
  /** The request has stored its task. */
  keepTask(tenant: string, day: string, ticket: string): Promise<void>
  /** The request has stored no task: it counts no longer. Nothing for a ticket that is kept, or given back already. */
  giveBackTask(tenant: string, day: string, ticket: string): Promise<void>
  /** What is taken of a minute and of a day. */
  usedOf(tenant: string, minute: string, day: string): Promise<{ requests: number; tasks: number }>
}
