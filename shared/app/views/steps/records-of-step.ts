import { pathsAround } from '../../../domain/instance-path.ts'
import type { StepRecord } from '../../../domain/step.ts'
import type { RecordField, Steps } from '../../../ports/steps.ts'

/** What a view shows of a step besides its input and output, which may be large. */
export const SHOWN: readonly RecordField[] = [
  'capability',
  'agentId',
  'agentVersion',
  'agentCode',
  'calledVersion',
  'reboundBy',
  'firstStartedAt',
  'held',
  'suspended',
  'reopenedAt',
  'endedAt',
  'undone',
  'attempts',
  'error',
  'skipReason',
  'degraded',
  'reused',
  'evaluation',
  'judging',
  'rating',
  'decision',
  'costUsd',
  'tokens',
  'unpriced',
  'uncounted',
  'said',
  'progress',
  'approval',
  'child',
  'itemCount',
]

/** What tells the status of a step. */
export const STATUS: readonly RecordField[] = ['agentId', 'approval', 'itemCount', 'suspended']

/**
 * The records of a step, of what is within it (the items of a fan-out, the rounds of a loop, the steps of either), and of the loops and fan-outs
 * around it. Only these fields of those within are read; all by default.
 */
export async function recordsOfStep(
  steps: Pick<Steps, 'findSteps' | 'listSteps'>,
  taskId: string,
  path: string,
  fields?: readonly RecordField[],
): Promise<StepRecord[]> {
  const [own, within] = await Promise.all([
    // A rating may have changed since a worker has seen the step end.
    steps.findSteps(taskId, [path, ...pathsAround(path)], { fresh: true }),
    steps.listSteps(taskId, { within: path, ...(fields ? { fields } : {}) }),
  ])
  return [...own, ...within]
}
