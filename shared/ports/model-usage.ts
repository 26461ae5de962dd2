import type { ModelUse } from '../domain/model-use.ts'

/** What the models of the stage have used for each tenant, by name and day. It informs people; budgets are accounted elsewhere. */
export type ModelUsage = {
  addUse(model: string, tenant: string, use: ModelUse): Promise<void>
  /** The tenant's use of each of these models in the last `USE_DAYS` days, today included. */
  usesOf(models: readonly string[], tenant: string): Promise<Map<string, ModelUse>>
}
