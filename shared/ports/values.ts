import type { Json } from '../domain/json.ts'
import type { StoredValue } from '../domain/step.ts'

/** Inputs, outputs and plans, which records refer to (claim check). */
export type Values = {
  /** Stores a value inline when small, otherwise in the blob store. */
  storeValue(taskId: string, value: Json): Promise<StoredValue>
  loadValue(stored: StoredValue): Promise<Json>
}
