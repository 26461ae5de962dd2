import { type Approval, NOBODY } from '../../domain/approval.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { approvalRequestedEvent } from '../../domain/events-of-step.ts'
import type { Json } from '../../domain/json.ts'
import { superseded } from '../../domain/superseded.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import { DEFAULT_CHOICES, type StepOf } from '../../workflow/schema.ts'
import { textOf } from '../../workflow/text-parts.ts'
import { settleFailure } from '../steps/settle-failure.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'
import { beginWait } from './waiting.ts'

const SECOND = 1_000

export const approval: Controlled<StepOf<'approval'>> = {
  template: ({ approval: { prompt } }) => ({ prompt }),
  inputIn: (value) => value,

  /** Records the question and publishes its event; the answer comes through the API, which resumes the state. */
  async begin(owned, { prompt }) {
    const {
      ports,
      step,
      own,
      record,
      call: { token },
    } = owned
    if (token === undefined)
      throw new OrchestratorError('BugError', `step "${own.path}" has no token to be woken by`)
    if (record.approval?.answer) {
      // Answered between the crash and this repeated call.
      await ports.executions.wake(token)
      return {}
    }
    const { choices = DEFAULT_CHOICES, approvers, notBy, timeoutSeconds } = step.approval
    const requestedAt = ports.clock.now()
    const expiresAt = new Date(requestedAt.getTime() + timeoutSeconds * SECOND).toISOString()
    const rule = { ...(approvers ? { approvers } : {}), ...(notBy ? { notBy } : {}) }
    const asked = { prompt: textOf(prompt), choices, ...rule, expiresAt, token }
    if (!(await ports.steps.askApproval(own, asked))) return answeredMeanwhile(ports, own, token)
    if (!(await beginWait(owned, { kind: 'approval', until: expiresAt }))) return {}
    const { token: _token, ...shown } = asked
    await ports.bus.publish([approvalRequestedEvent(owned.plan, own.path, requestedAt.toISOString(), shown)])
    return {}
  },

  async end(owned) {
    const { ports, step, own } = owned
    const answer = await decisionOf(owned, step.approval.onTimeout)
    if (answer.by !== NOBODY || step.approval.onTimeout !== undefined) {
      const { decision, by, at, comment } = answer
      const output = await ports.values.storeValue(
        own.taskId,
        withoutUndefined({ decision, by, at, comment }) as Json,
      )
      return end(owned, { status: 'succeeded', output })
    }
    const message = `step "${own.path}": nobody answered within ${step.approval.timeoutSeconds} s`
    return over((await settleFailure(owned, { name: 'ApprovalTimedOutError', message })).settled)
  },
}

/** The first answer. A timeout is recorded as an answer too, so that a late answer is refused (control/O4). */
async function decisionOf(
  { ports: { steps, clock }, own, record }: Owned<StepOf<'approval'>>,
  onTimeout = 'none',
): Promise<NonNullable<Approval['answer']>> {
  if (record.approval?.answer) return record.approval.answer
  const timedOut = { decision: onTimeout, by: NOBODY, at: clock.now().toISOString() }
  const kept = await steps.answerApproval(own.taskId, own.path, timedOut)
  const known = (kept ?? (await steps.findSteps(own.taskId, [own.path]))[0])?.approval?.answer
  // The approval timed out before the question was recorded.
  return known ?? timedOut
}

/** Handles an answer that arrived between taking the step over and asking again. */
async function answeredMeanwhile(
  { steps, executions }: Owned['ports'],
  own: Owned['own'],
  token: string,
): Promise<ControlAnswer> {
  const [record] = await steps.findSteps(own.taskId, [own.path])
  if (!record?.approval?.answer) throw superseded(own.path)
  await executions.wake(token)
  return {}
}
