import type { ModelUse } from '../domain/model-use.ts'

/** What the models of the stage have used, by name and day. It informs people; budgets are accounted elsewhere. */
export type ModelUsage = {
  addUse(model: string, use: ModelUse): Promise<void>
  /** The use of each of these models in the last `USE_DAYS` days, today included. */
  usesOf(models: readonly string[]): Promise<Map<string, ModelUse>>
}
