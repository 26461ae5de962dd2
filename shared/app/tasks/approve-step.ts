/**
 * A person's answer to an approval.
 *
 * Invariants (tests cite them):
 * approval/O4 the first answer stays; repeating it wakes the state again, a different answer is refused
 * approval/O9 answers are refused after the task's deadline, although the reconciler may take a minute to end the task
 * approval/O12 who decides is the caller, by the identity that the door has verified; only the laptop's own user says who it is
 * approval/O11 an answer is of the question that its caller has seen, where they say which, and of the one by which their right to decide was checked
 */
import type { AnswerApproval } from '../../contracts/approval-requests.ts'
import type { ApprovalView } from '../../contracts/views.ts'
import { NOBODY } from '../../domain/approval.ts'
import { type Caller, namesOf, nameToKeep } from '../../domain/caller.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { placeOf } from '../../domain/instance-path.ts'
import { canonicalJson } from '../../domain/json.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import type { StepRecord } from '../../domain/step.ts'
import { isOpenTask } from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Ports } from '../../ports/index.ts'
import { getTask } from '../views/get-task.ts'

type Needs = Pick<Ports, 'tasks' | 'steps' | 'executions' | 'clock' | 'ids'>
type Asked = NonNullable<StepRecord['approval']>

/** Throws NotFoundError, InvalidInputError, ForbiddenError, ConflictError. */
export const approveStep =
  ({ tasks, steps, executions, clock, ids }: Needs) =>
  async (
    { id, stepId, decision, by: said, comment, expiresAt }: AnswerApproval,
    caller: Caller,
  ): Promise<ApprovalView> => {
    const task = await getTask({ tasks }, id, caller)
    if (!isOpenTask(task)) {
      const message = `task ${id} has ended (${task.status}): nobody waits for step "${stepId}" any more`
      throw new OrchestratorError('ConflictError', message, { taskId: id, status: task.status })
    }
    if (task.deadline !== undefined && secondsUntil(task.deadline, clock.now()) <= 0) {
      const message = `the deadline of task ${id}, ${task.deadline}, has passed: step "${stepId}" cannot be answered any more`
      throw new OrchestratorError('ConflictError', message, { taskId: id, deadline: task.deadline })
    }
    const record = await askedStep(steps, id, stepId)
    const { approval: asked, path } = record
    if (expiresAt !== undefined && expiresAt !== asked.expiresAt) throw askedAnew(path, asked)
    const decider = deciderOf(caller, said)
    const { by } = decider
    requireAllowed(path, asked, decision, decider)
    const { token: _token, answer: _answer, ...question } = asked
    const answer = {
      ...{ decision, by },
      ...(comment ? { comment } : {}),
      at: clock.now().toISOString(),
      ...decider.vouched,
      shown: ids.digest(canonicalJson(question)),
    }
    const answered = await steps.answerApproval(id, path, answer, asked.expiresAt)
    const now = answered ?? (await steps.findSteps(id, [path]))[0]
    // approval/O11
    if (now?.approval && now.approval.expiresAt !== asked.expiresAt) throw askedAnew(path, now.approval)
    const kept = now?.approval?.answer
    if (!kept || kept.decision !== decision || kept.by !== by) {
      const how = kept
        ? `${kept.by} has decided "${kept.decision}" at ${kept.at}`
        : `it has ended (${record.status})`
      throw new OrchestratorError('ConflictError', `step "${stepId}" cannot be answered any more: ${how}`)
    }
    // Also wakes for a repeated answer: a crash may have come between the answer and the wake-up, and the state may have asked again with
    // another task token.
    await executions.wake(answered?.approval?.token ?? asked.token)
    return { taskId: id, stepId: path, ...kept }
  }

function askedAnew(path: string, { expiresAt }: Asked): OrchestratorError {
  const message = `step "${path}" asks another question than the one that was answered, until ${expiresAt}: read it, and answer that`
  return new OrchestratorError('ConflictError', message, { stepId: path, expiresAt })
}

type Decider = { by: string; names: readonly string[]; vouched: { kind?: string; issuer?: string } }

/** Who decides (approval/O12). `said` counts only for the laptop's own user. */
function deciderOf(caller: Caller, said: string): Decider {
  const { kind = 'local', issuer } = caller
  if (kind === 'local') return { by: said, names: [said], vouched: {} }
  return {
    by: nameToKeep(caller, said),
    names: namesOf(caller),
    vouched: { kind, ...(issuer === undefined ? {} : { issuer }) },
  }
}

function requireAllowed(
  path: string,
  { choices, approvers }: Asked,
  decision: string,
  { by, names, vouched }: Decider,
): void {
  if (!choices.includes(decision)) {
    const message = `"${decision}" is no choice of step "${path}"${suggestNames(decision, choices)}`
    throw new OrchestratorError('InvalidInputError', message)
  }
  if (by !== NOBODY && (!approvers || names.some((name) => approvers.includes(name)))) return
  const message = `"${by}" is not among those who may decide${approvers ? `: ${approvers.join(', ')}` : ''}`
  throw new OrchestratorError(vouched.kind === undefined ? 'InvalidInputError' : 'ForbiddenError', message)
}

type AskedStep = StepRecord & { approval: Asked }

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
