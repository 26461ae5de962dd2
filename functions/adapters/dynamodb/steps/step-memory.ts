import type { StepRecord } from '../../../../shared/domain/step.ts'

const MAX_REMEMBERED = 1_000
/** A larger output is not worth its memory. */
const MAX_REMEMBERED_CHARACTERS = 2_000

type StepMemory = {
  /** Returns the step that it is given. */
  remember(taskId: string, step: StepRecord): StepRecord
  recall(taskId: string, path: string): StepRecord | undefined
}

/** The last steps that this worker has seen succeed or be skipped: nothing else of a step is final (steps/P4). */
export function stepMemory(): StepMemory {
  const remembered = new Map<string, StepRecord>()
  return {
    remember(taskId, step) {
      if (step.status !== 'succeeded' && step.status !== 'skipped') return step
      if (step.output && 'inline' in step.output && step.output.inline.length > MAX_REMEMBERED_CHARACTERS)
        return step
      const oldest = remembered.size >= MAX_REMEMBERED ? remembered.keys().next().value : undefined
      if (oldest !== undefined) remembered.delete(oldest)
      remembered.set(`${taskId} ${step.path}`, step)
      return step
    },
    recall: (taskId, path) => remembered.get(`${taskId} ${path}`),
  }
}
