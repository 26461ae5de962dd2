import type { Json } from '../domain/json.ts'
import type { StoredValue } from '../domain/step.ts'

/** Inputs, outputs and plans, as a record refers to them. */
export type Values = {
  /** A value as it is kept: inline when small, else put in the blob store first. */
  storeValue(taskId: string, value: Json): Promise<StoredValue>
  loadValue(stored: StoredValue): Promise<Json>
}
