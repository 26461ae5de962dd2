import { approveStep } from '../shared/app/tasks/approve-step.ts'
import { cancelTask } from '../shared/app/tasks/cancel-task.ts'
import { reconcileTasks } from '../shared/app/tasks/reconcile-tasks.ts'
import { isOrchestratorError } from '../shared/domain/errors.ts'
import type { DomainEvent } from '../shared/domain/event.ts'
import { placeOf } from '../shared/domain/instance-path.ts'
import { ownOf } from '../shared/domain/own.ts'
import type { Ports } from '../shared/ports/index.ts'
import { DEFAULT_CHOICES } from '../shared/workflow/schema.ts'
import type { GivenApprovals } from './approvals.ts'
import { CALLER } from './caller.ts'
import { issuesOfApproval } from './options/approvals.ts'
import { refuse } from './options/check.ts'

/** Waits for virtual seconds; false when the test has ended by then. */
export type After = (seconds: number) => Promise<boolean>

/** The question to a person: the data of the event `approval.requested`. */
type Question = { path: string; prompt: string; choices?: string[]; approvers?: string[] }

const SWEEP_SECONDS = 60

/** Answers an approval as scripted. A late answer is refused, as in the cloud. */
export async function answerApproval(
  ports: Ports,
  { subject, data }: DomainEvent,
  approvals: GivenApprovals,
  after: After,
): Promise<void> {
  const { path, prompt, choices = DEFAULT_CHOICES, approvers = ['tester'] } = data as Question
  const given =
    typeof approvals === 'function'
      ? approvals(path, prompt)
      : (ownOf(approvals, path) ?? ownOf(approvals, placeOf(path)))
  if (given !== undefined && typeof approvals === 'function')
    refuse(issuesOfApproval(`approvals(${JSON.stringify(path)})`, given), 'testWorkflow')
  if (!given || !(await after(given.afterSeconds ?? 0))) return
  const { approved = true, comment, value } = given
  const { decision = choices[approved ? 0 : 1] ?? '', by = approvers[0] ?? '' } = given
  const answer = { id: subject, stepId: path, decision, by, ...(comment ? { comment } : {}), value }
  await approveStep(ports)(answer, CALLER).catch(unlessConflict)
}

export async function cancelLater(
  ports: Ports,
  id: string,
  { afterSeconds, reason = 'cancelled by the test' }: { afterSeconds: number; reason?: string },
  after: After,
): Promise<void> {
  if (await after(afterSeconds)) await cancelTask(ports)({ id, reason }, CALLER).catch(unlessConflict)
}

/** Sweeps once a minute like the reconciler, which ends waiting tasks past their deadline. */
export async function sweepFrom(ports: Ports, deadline: string, after: After): Promise<void> {
  const left = (Date.parse(deadline) - ports.clock.now().getTime()) / 1_000
  let seconds = Math.ceil(left / SWEEP_SECONDS) * SWEEP_SECONDS
  for (; await after(seconds); seconds = SWEEP_SECONDS) await reconcileTasks(ports)()
}

/** Ignores the conflict of an answer to a task that has ended. */
function unlessConflict(error: unknown): void {
  if (!isOrchestratorError(error, 'ConflictError')) throw error
}
