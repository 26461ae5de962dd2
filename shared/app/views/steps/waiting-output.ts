import type { StepView } from '../../../contracts/views.ts'
import type { StepRecord } from '../../../domain/step.ts'
import { hasMadeOutput } from '../../steps/judging/for-judge.ts'

/** What a view tells of a running step whose output waits for its judge, in place of what its record says of the latest call. */
export function waitingOutput(
  record: StepRecord | undefined,
): Pick<StepView, 'agentId' | 'agentVersion' | 'judging'> {
  if (record?.judging === undefined || record.status !== 'running') return {}
  const { judging, agentId: by, held } = record
  const { agentId, agentVersion, endedAt: since } = judging
  const isCalled = by !== undefined && held === undefined && !hasMadeOutput(record)
  return { agentId, agentVersion, judging: { since, ...(isCalled ? { by } : {}) } }
}
