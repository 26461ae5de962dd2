import type { StepRecord } from '../../../../shared/domain/step.ts'

const MAX_REMEMBERED = 1_000
/** Larger outputs are not cached, to bound the memory. */
const MAX_REMEMBERED_CHARACTERS = 2_000

type StepMemory = {
  /** Caches the step, and returns it. */
  remember(taskId: string, step: StepRecord): StepRecord
  recall(taskId: string, path: string): StepRecord | undefined
}

/**
 * A cache of the steps that this worker has last seen succeeded or skipped; only those records are final, but those of approvals (steps/P4).
 */
export function stepMemory(): StepMemory {
  const remembered = new Map<string, StepRecord>()
  return {
    remember(taskId, step) {
      if (step.status !== 'succeeded' && step.status !== 'skipped') return step
      if (step.approval) return step
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
