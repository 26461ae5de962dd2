import { DecisionSchema } from '../../../../shared/domain/plan.ts'
import { type StepRecord, StepRecordSchema } from '../../../../shared/domain/step.ts'
import { stepKey, taskKey } from '../keys.ts'

export const stepItemKey = (taskId: string, path: string) => ({ pk: taskKey(taskId), sk: stepKey(path) })

/** Stored as JSON text, because a decision may contain numbers that are not finite, and names that users chose. */
export const storedAs = (name: string, value: unknown): unknown =>
  name === 'decision' ? JSON.stringify(value) : value

/** Older records store a map. A decision that cannot be parsed is left out, because it only informs; the rest of the step stays readable. */
export function stepIn({ decision, ...item }: Record<string, unknown> = {}): StepRecord {
  const parsed = typeof decision === 'string' ? (JSON.parse(decision) as unknown) : decision
  const { data } = DecisionSchema.safeParse(parsed)
  return StepRecordSchema.parse(data === undefined ? item : { ...item, decision: data })
}
