import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { isOrchestratorError, OrchestratorError } from '../../../../shared/domain/errors.ts'
import { boundedDecision } from '../../../../shared/domain/plan.ts'
import type { StepRecord } from '../../../../shared/domain/step.ts'
import { withoutUndefined } from '../../../../shared/domain/without-undefined.ts'
import type { Ownership, Rebound, Steps, TakeOver } from '../../../../shared/ports/index.ts'
import { unlessAws } from '../../aws-errors.ts'
import type { TaskTable } from '../keys.ts'
import { stepIn, stepItemKey, storedAs } from './step-items.ts'

const REFUSED = ['ConditionalCheckFailedException']
/** Fields that a take-over removes from the record. */
const OF_THE_LAST_RUN = ['endedAt', 'error', 'degraded', 'progress', 'said', 'askAgainAt'] as const

type FindStep = (taskId: string, path: string) => Promise<StepRecord | undefined>

/** The one conditional write by which an invocation becomes a step's owner (steps/P1, steps/P2). */
export function takeOverStep({
  client,
  table,
  findStep,
}: TaskTable & { findStep: FindStep }): Steps['takeOverStep'] {
  return async (own, start) => {
    try {
      return await take(own, start)
    } catch (error) {
      // The record has grown too large for its input: the step goes on without it (steps/P5).
      if (!start.begun?.input || !isOrchestratorError(error, 'ContentTooLargeError')) throw error
      return take(own, { ...start, begun: { ...start.begun, input: undefined } })
    }
  }

  async function take(own: Ownership, rebound: Rebound): Promise<TakeOver> {
    const { taskId, path } = own
    const { startedAt, keepStart = false, begun } = rebound
    const { set, removed } = changeOf(own, rebound)
    // An input is stored with the record, but is not part of it (steps/P5).
    const stored = { ...set, ...withoutUndefined({ input: begun?.input }) }
    const gone = [...removed, ...(begun && !begun.input ? ['input'] : [])]
    const taken = await unlessAws(REFUSED, () =>
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: stepItemKey(taskId, path),
          ...takeOverOf(stored, gone, keepStart),
        }),
      ),
    )
    if (taken) {
      if (!taken.Attributes)
        return { kind: 'owned', step: { ...set, firstStartedAt: startedAt, attempts: [] } }
      const before = stepIn(taken.Attributes)
      const kept = { ...before, firstStartedAt: before.firstStartedAt ?? startedAt }
      for (const name of removed) delete kept[name]
      const began = keepStart ? { startedAt: before.startedAt } : {}
      return { kind: 'owned', step: { ...kept, ...set, ...began }, before }
    }
    const step = await findStep(taskId, path)
    if (!step) throw new OrchestratorError('BugError', `step ${path} of ${taskId} vanished`)
    return { kind: step.status === 'running' ? 'superseded' : 'final', step }
  }
}

/** What a take-over sets in a record, and what it removes. */
function changeOf(
  { owner, fence, path }: Ownership,
  { agentId, startedAt, reboundBy, decision, capability, busySince, held, begun, suspended }: Rebound,
) {
  const set = withoutUndefined({
    status: 'running' as const,
    ...{ owner, fence, startedAt, path },
    reboundBy: reboundBy ?? '',
    agentId,
    decision: decision && boundedDecision(decision),
    capability,
    busySince,
    held,
    suspended,
    calledVersion: begun?.calledVersion,
  })
  const isBusyNoMore = reboundBy !== undefined && busySince === undefined
  const isHeldNoMore = reboundBy !== undefined && held === undefined
  const isCalledAnew = begun !== undefined || reboundBy !== undefined
  const removed = [
    ...OF_THE_LAST_RUN,
    // A call of the agent makes another output; a call of the judge begins nothing.
    ...(begun ? (['judging'] as const) : []),
    ...(isBusyNoMore ? (['busySince'] as const) : []),
    ...(isHeldNoMore ? (['held'] as const) : []),
    ...(isCalledAnew && set.calledVersion === undefined ? (['calledVersion'] as const) : []),
  ]
  return { set, removed }
}

/** The update that stores these attributes and removes those, on condition that the step may be taken over (steps/P1, steps/P2). */
function takeOverOf(stored: { startedAt: string }, gone: readonly string[], keepStart: boolean) {
  const names = [...Object.keys(stored), 'firstStartedAt', ...gone]
  const first = '#firstStartedAt = if_not_exists(#firstStartedAt, :startedAt)'
  const assign = (name: string): string =>
    keepStart && name === 'startedAt'
      ? '#startedAt = if_not_exists(#startedAt, :startedAt)'
      : `#${name} = :${name}`
  return {
    UpdateExpression: `SET ${[first, ...Object.keys(stored).map(assign)].join(', ')} REMOVE ${gone.map((name) => `#${name}`)}`,
    ConditionExpression:
      'attribute_not_exists(pk) OR #status = :running AND #fence <= :fence OR #status IN (:failed, :cancelled) AND #fence < :fence',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(
        Object.entries(stored).map(([name, value]) => [`:${name}`, storedAs(name, value)]),
      ),
      ':running': 'running',
      ':failed': 'failed',
      ':cancelled': 'cancelled',
    },
    ReturnValues: 'ALL_OLD' as const,
  }
}
