/**
 * The step's record around the run: taken over before, ended after.
 *
 * Invariants (tests cite them):
 * H1 a step that has ended replays its receipt; its agent is not called again
 * H2 only the invocation with the highest fence writes; a late one is told so and changes nothing
 * H3 a failed attempt is noted before its error leaves
 */
import { isOrchestratorError, OrchestratorError } from '../../../shared/domain/errors.ts'
import { attemptFailedEvent, stepEndedEvent } from '../../../shared/domain/event.ts'
import type { Receipt, StepRecord } from '../../../shared/domain/step.ts'
import type { Deps } from '../../deps.ts'
import { recordAttempt } from './metrics.ts'
import { addParts, findParts, type HostMiddleware, partsOf, type StepOutcome } from './step-run.ts'

type Needs = Pick<Deps, 'tasks' | 'bus' | 'clock'>

const MAX_MESSAGE = 2_000

export function ownStep({ tasks, bus, clock }: Needs): HostMiddleware {
  return {
    before: async (request) => {
      const { own, agentId } = partsOf(request.context, 'own', 'agentId')
      const taken = await tasks.takeOverStep(own, { agentId, startedAt: clock.now().toISOString() })
      if (taken.kind === 'final') return { ...receiptOf(taken.step), replayed: true }
      if (taken.kind === 'superseded') throw superseded(own.path)
      addParts(request.context, { record: taken.step })
      return undefined
    },

    after: async (request) => {
      const { own, agentId, record, log } = partsOf(request.context, 'own', 'agentId', 'record', 'log')
      const end = { ...(request.response as StepOutcome), endedAt: clock.now().toISOString() }
      if (!(await tasks.endStep(own, end))) throw superseded(own.path)
      const ended: StepRecord = { ...record, ...end }
      const event = stepEndedEvent(own.taskId, ended)
      await bus.publish(event ? [event] : [])
      const durationMs = Date.parse(end.endedAt) - Date.parse(record.startedAt)
      log.info('step ended', {
        status: ended.status,
        agentId,
        attempt: record.attempts.length + 1,
        durationMs,
      })
      recordAttempt({ agentId, outcome: ended.status, durationMs })
      request.response = receiptOf(ended)
    },

    onError: async (request) => {
      const { own, agentId, record, log } = findParts(request.context)
      const { error } = request
      if (!own || !agentId || !record || !error || isOrchestratorError(error, 'StepSupersededError')) return
      const failure = { name: error.name, message: error.message.slice(0, MAX_MESSAGE) }
      const attempt = {
        agentId,
        startedAt: record.startedAt,
        endedAt: clock.now().toISOString(),
        error: failure,
      }
      await tasks.addAttempt(own, attempt)
      const number = record.attempts.length + 1
      await bus.publish([attemptFailedEvent(own.taskId, own.path, number, attempt)])
      const durationMs = Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt)
      log?.warn('attempt failed', {
        agentId,
        attempt: number,
        errorName: error.name,
        durationMs,
      })
      recordAttempt({ agentId, outcome: 'failed', durationMs })
    },
  }
}

function receiptOf({ path, status, agentId }: StepRecord): Receipt {
  return { path, status, ...(agentId ? { agentId } : {}) }
}

function superseded(path: string): OrchestratorError {
  return new OrchestratorError('StepSupersededError', `a later attempt of step "${path}" has taken over`)
}
