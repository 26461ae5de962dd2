import type { Json } from '../domain/json.ts'
import type { StoredValue } from '../domain/step.ts'

/** Inputs, outputs and plans, which records refer to (claim check). */
export type Values = {
  /** Stores a value inline when it has at most `mostInlineBytes` (16 KB), otherwise in the blob store. */
  storeValue(taskId: string, value: Json, mostInlineBytes?: number): Promise<StoredValue>
  loadValue(stored: StoredValue): Promise<Json>
}
