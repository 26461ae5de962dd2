/**
 * A person's answer to an approval.
 *
 * Invariants (tests cite them):
 * approval/O4 the first answer stays; repeating it wakes the state again, a different answer is refused
 * approval/O9 answers are refused after the task's deadline, although the reconciler may take a minute to end the task
 * approval/O12 who decides is the caller, by the identity that the door has verified; only the laptop's own user says who it is
 * approval/O13 with `notBy: submitter` nobody decides who may have submitted, forked or retried the task or one that runs it, himself or by a key that he has made
 * approval/O14 an approval is listed as somebody's exactly where he could answer it
 * approval/O15 a value is kept as edited only where it differs from the one that was shown, and fits what the step allows; the output of the step has it
 * approval/O11 an answer is of the question that its caller has seen, where they say which, and of the one by which their right to decide was checked
 */
import type { AnswerApproval } from '../../contracts/approval-requests.ts'
import type { ApprovalView } from '../../contracts/approval-views.ts'
import { shownAnswer } from '../../domain/approval.ts'
import type { Caller } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { placeOf } from '../../domain/instance-path.ts'
import { canonicalJson } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import type { StepRecord } from '../../domain/step.ts'
import { isOpenTask, type Task } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import { editedValue } from '../approvals/edited-value.ts'
import { type Decider, deciderOf, whyNot } from '../identity/decider.ts'
import { getTask } from '../views/get-task.ts'

type Needs = Pick<
  Ports,
  'tasks' | 'steps' | 'plans' | 'values' | 'files' | 'executions' | 'keys' | 'clock' | 'ids'
>
type Asked = NonNullable<StepRecord['approval']>

/** Throws NotFoundError, InvalidInputError, ForbiddenError, ConflictError. */
export const approveStep =
  (ports: Needs) =>
  async (request: AnswerApproval, caller: Caller): Promise<ApprovalView> => {
    const decider = await deciderOf(ports, caller, request.by)
    const { give } = await prepareAnswer(ports, request, caller.tenant, decider)
    return give()
  }

type Prepared = {
  question: Asked
  /** Writes the answer down, unless another has been given meanwhile. Throws ConflictError. */
  give(): Promise<ApprovalView>
}

/** Checks an answer without giving it. Throws NotFoundError, InvalidInputError, ForbiddenError, ConflictError. */
export async function prepareAnswer(
  ports: Needs,
  { id, stepId, decision, comment, value, expiresAt }: Omit<AnswerApproval, 'by'>,
  tenant: string,
  decider: Decider,
): Promise<Prepared> {
  const { clock, ids } = ports
  const { task, record } = await askedOf(ports, { id, stepId }, tenant)
  const { approval: asked, path } = record
  if (expiresAt !== undefined && expiresAt !== asked.expiresAt) throw askedAnew(path, asked)
  await requireAllowed(ports, task, record, decision, decider)
  const edited = value === undefined ? undefined : await editedValue(ports, task, record, value)
  const { token: _token, answer: _answer, ...question } = asked
  const answer = {
    ...{ decision, by: decider.by },
    ...(comment ? { comment } : {}),
    at: clock.now().toISOString(),
    ...decider.vouched,
    shown: ids.digest(canonicalJson(question)),
    ...(edited ? { edited } : {}),
  }
  return { question: asked, give: () => giveAnswer(ports, id, record, answer) }
}

/** The task and the step that asks, where it can be answered. Throws NotFoundError, ConflictError. */
export async function askedOf(
  { tasks, steps, clock }: Pick<Needs, 'tasks' | 'steps' | 'clock'>,
  { id, stepId }: Pick<AnswerApproval, 'id' | 'stepId'>,
  tenant: string,
): Promise<{ task: Task; record: AskedStep }> {
  const task = await getTask({ tasks }, id, { tenant })
  if (!isOpenTask(task)) {
    const message = `task ${id} has ended (${task.status}): nobody waits for step "${stepId}" any more`
    throw new OrchestratorError('ConflictError', message, { taskId: id, status: task.status })
  }
  if (task.deadline !== undefined && secondsUntil(task.deadline, clock.now()) <= 0) {
    const message = `the deadline of task ${id}, ${task.deadline}, has passed: step "${stepId}" cannot be answered any more`
    throw new OrchestratorError('ConflictError', message, { taskId: id, deadline: task.deadline })
  }
  return { task, record: await askedStep(steps, id, stepId) }
}

async function giveAnswer(
  { steps, executions }: Pick<Needs, 'steps' | 'executions'>,
  id: string,
  { path, status, approval: asked }: AskedStep,
  answer: NonNullable<Asked['answer']>,
): Promise<ApprovalView> {
  const answered = await steps.answerApproval(id, path, answer, asked.expiresAt)
  const now = answered ?? (await steps.findSteps(id, [path]))[0]
  // approval/O11
  if (now?.approval && now.approval.expiresAt !== asked.expiresAt) throw askedAnew(path, now.approval)
  const kept = now?.approval?.answer
  const isSame =
    kept?.decision === answer.decision &&
    kept.by === answer.by &&
    kept.edited?.digest === answer.edited?.digest
  if (!kept || !isSame) {
    const how = kept
      ? `${kept.by} has decided "${kept.decision}"${kept.edited ? ', with another value,' : ''} at ${kept.at}`
      : `it has ended (${status})`
    throw new OrchestratorError('ConflictError', `step "${path}" cannot be answered any more: ${how}`)
  }
  // Also wakes for a repeated answer: a crash may have come between the answer and the wake-up, and the state may have asked again with
  // another task token.
  await executions.wake(answered?.approval?.token ?? asked.token)
  return { taskId: id, stepId: path, ...shownAnswer(kept) }
}

function askedAnew(path: string, { expiresAt }: Asked): OrchestratorError {
  const message = `step "${path}" asks another question than the one that was answered, until ${expiresAt}: read it, and answer that`
  return new OrchestratorError('ConflictError', message, { stepId: path, expiresAt })
}

/** The choice is one of those that were shown, and who decides may (approval/O13, approval/O14). */
async function requireAllowed(
  ports: Pick<Needs, 'tasks'>,
  task: Task,
  { path, approval }: AskedStep,
  decision: string,
  decider: Decider,
): Promise<void> {
  if (!approval.choices.includes(decision)) {
    const message = `"${decision}" is no choice of step "${path}"${suggestNames(decision, approval.choices)}`
    throw new OrchestratorError('InvalidInputError', message)
  }
  const message = await whyNot(ports, task, approval, decider)
  if (message === undefined) return
  throw new OrchestratorError(
    decider.vouched.kind === undefined ? 'InvalidInputError' : 'ForbiddenError',
    message,
  )
}

export type AskedStep = StepRecord & { approval: Asked }

/** The step at a path; round numbers may be omitted when only one such step is asking. Throws NotFoundError naming the steps that ask. */
async function askedStep(steps: Needs['steps'], id: string, stepId: string): Promise<AskedStep> {
  const [named] = await steps.findSteps(id, [stepId])
  if (named && hasAsked(named)) return named
  const waiting = (await steps.listSteps(id)).filter(hasAsked).filter(({ status }) => status === 'running')
  const [alike, ...more] = waiting.filter(({ path }) => placeOf(path) === stepId)
  if (alike && more.length === 0) return alike
  const others = [...waiting.map(({ path }) => `"${path}"`), ...(await askedInChildren(steps, id))]
  const hint = others.length > 0 ? `; there wait: ${others.join(', ')}` : ''
  const message = `step "${stepId}" of task ${id} waits for no approval${hint}`
  throw new OrchestratorError('NotFoundError', message, { id, stepId })
}

const hasAsked = (step: StepRecord): step is AskedStep => step.approval !== undefined

async function askedInChildren(steps: Needs['steps'], id: string): Promise<string[]> {
  const calling = (await steps.listSteps(id)).filter(({ status }) => status === 'running')
  const children = calling.flatMap(({ child }) => child ?? [])
  const asked = await Promise.all(
    children.map(async (child) => {
      const waiting = (await steps.listSteps(child))
        .filter(hasAsked)
        .filter(({ status }) => status === 'running')
      return waiting.map(({ path }) => `"${path}" of its child ${child}`)
    }),
  )
  return asked.flat()
}
