import { DecisionSchema } from '../../../../shared/domain/plan.ts'
import { type StepRecord, StepRecordSchema } from '../../../../shared/domain/step.ts'
import { stepKey, taskKey } from '../keys.ts'

export const stepItemKey = (taskId: string, path: string) => ({ pk: taskKey(taskId), sk: stepKey(path) })

/** A decision has numbers that may be no finite ones, and names that others chose: it is kept as text. */
export const storedAs = (name: string, value: unknown): unknown =>
  name === 'decision' ? JSON.stringify(value) : value

/** The decision was a map once; one that cannot be read is advice that is missed, and hides nothing else of its step. */
export function stepIn({ decision, ...item }: Record<string, unknown> = {}): StepRecord {
  const parsed = typeof decision === 'string' ? (JSON.parse(decision) as unknown) : decision
  const { data } = DecisionSchema.safeParse(parsed)
  return StepRecordSchema.parse(data === undefined ? item : { ...item, decision: data })
}
