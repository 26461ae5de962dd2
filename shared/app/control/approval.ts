import { executionOfFence, firstFenceOf } from '../../contracts/step-payload.ts'
import { type Approval, NOBODY } from '../../domain/approval.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { approvalRequestedEvent } from '../../domain/events-of-step.ts'
import { placeOf } from '../../domain/instance-path.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import { numberOfEnd, undoneAnswer } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import { FIRST_EXECUTION } from '../../domain/task.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'
import { DEFAULT_CHOICES, type StepOf } from '../../workflow/schema.ts'
import { textOf } from '../../workflow/text-parts.ts'
import { settleFailure } from '../steps/settle-failure.ts'
import { beginWait } from '../waits/waiting.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'

const SECOND = 1_000

export const approval: Controlled<StepOf<'approval'>> = {
  template: ({ approval: { prompt, value } }) => ({ prompt, ...(value === undefined ? {} : { value }) }),
  inputIn: (value) => value,

  /** Records the question and publishes its event; the answer comes through the API, which resumes the state. */
  async begin(owned, value) {
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
    const requestedAt = ports.clock.now()
    const until = requestedAt.getTime() + step.approval.timeoutSeconds * SECOND
    const expiresAt = new Date(until).toISOString()
    const question = questionOf(step, value)
    const digest = digestOf(ports, question)
    const { value: decided, ...worded } = question
    const shownValue =
      decided === undefined ? {} : { value: await ports.values.storeValue(own.taskId, decided) }
    const editable = step.approval.edit === undefined ? {} : { editable: true }
    const asked = { ...worded, ...shownValue, ...editable, expiresAt, digest, token }
    if (!(await ports.steps.askApproval(own, asked))) return answeredMeanwhile(ports, own, token)
    if (!(await beginWait(owned, { kind: 'approval', until: expiresAt }))) return {}
    const [time, number] = [requestedAt.toISOString(), numberOfEnd(record)]
    await ports.bus.publish([approvalRequestedEvent(owned.plan, own.path, time, asked, number)])
    return {}
  },

  /** approvals-anew/N1, approvals-anew/N2 */
  async reopen({ ports, plan, step }, path, value) {
    const rule = ownOf(plan.asksAnew, placeOf(path))
    const [record] = rule ? await ports.steps.findSteps(plan.taskId, [path], { fresh: true }) : []
    if (rule === undefined || record?.status !== 'succeeded') return
    const { execution = FIRST_EXECUTION } = plan
    const answeredIn = executionOfFence(record.fence)
    // What this execution has asked stays, also where an expression says something else when it is called again.
    if (answeredIn >= execution) return
    const isSame = record.approval?.digest === digestOf(ports, questionOf(step, value))
    if (isSame && !(rule.always && answeredIn < rule.since)) return
    const when = { at: ports.clock.now().toISOString(), before: firstFenceOf(execution) }
    await ports.steps.reopenStep(plan.taskId, path, { ...when, undone: undoneAnswer(record), answered: true })
  },

  async end(owned) {
    const { ports, step, own } = owned
    const answer = await decisionOf(owned, step.approval.onTimeout)
    if (answer.by !== NOBODY || step.approval.onTimeout !== undefined) {
      const { decision, by, at, comment, edited } = answer
      const said = { decision, by, at, comment, ...(await decidedValue(owned, edited)) }
      const output = await ports.values.storeValue(own.taskId, withoutUndefined(said) as Json)
      return end(owned, { status: 'succeeded', output })
    }
    const message = `step "${own.path}": nobody answered within ${step.approval.timeoutSeconds} s`
    return over((await settleFailure(owned, { name: 'ApprovalTimedOutError', message })).settled)
  },
}

/** The value that was decided on, as it was shown or as it was changed (approval/O15); nothing where the step shows none. */
async function decidedValue(
  { ports: { steps, values }, own }: Owned<StepOf<'approval'>>,
  edited: NonNullable<Approval['answer']>['edited'],
): Promise<{ value?: Json; edited?: boolean }> {
  const [record] = await steps.findSteps(own.taskId, [own.path])
  const shown = record?.approval?.value
  if (shown === undefined) return {}
  if (edited) return { value: JSON.parse(edited.text) as Json, edited: true }
  return { value: await values.loadValue(shown), edited: false }
}

/** What is asked, and of whom. */
function questionOf({ approval: asked }: StepOf<'approval'>, { prompt, value }: Record<string, Json>) {
  const { choices = DEFAULT_CHOICES, approvers, notBy } = asked
  // An expression that finds nothing shows nothing.
  const decided = asked.value === undefined ? {} : { value: value ?? null }
  return {
    prompt: textOf(prompt),
    choices,
    ...(approvers ? { approvers } : {}),
    ...(notBy ? { notBy } : {}),
    ...decided,
  }
}

const digestOf = ({ ids }: Pick<Owned['ports'], 'ids'>, question: ReturnType<typeof questionOf>): string =>
  ids.digest(canonicalJson(question))

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
