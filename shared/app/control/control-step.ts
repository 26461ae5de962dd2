/**
 * Control steps, which no agent runs: waits, approvals, emitted events, loops, conversations, messages, child workflows; and fan-outs, whose items are run by
 * agents, as child workflows, or by a body of steps.
 *
 * Invariants (tests cite them):
 * control/O1 a step that has ended is not run again: a repeated call goes on, and signals its gates again
 * control/O2 a step's record is final before its gates are signalled, and before its states continue
 * control/O3 a skipped step does not wait
 * control/O4 an approval ends once: by the first answer, or by its timeout
 * control/O5 the output of a fan-out has its items' outputs in order; it fails when more items fail than it tolerates
 * control/O6 a loop ends after the first round for which `until` is true; without one, it fails after `maxIterations` rounds. The call
 *    names the round that has ended, so that a repeated call returns the same answer
 * control/O7 a child is one task, however often it is started; it ends before its step does, and the step has its outcome
 * control/O8 an item with a body ends when the body's steps have ended, with the value of `output`; a failure in the body is the item's
 *    failure, and the fan-out decides what it means
 * control/O10 the workflow that the expression of a child comes to is checked as at a submission before anything is created; a call that is
 *    repeated after the child was stored goes on with the stored definition, also where the value or the catalogue has changed since
 * control/O9 the write that begins a step has its input, evaluated before; one that cannot be kept costs no step
 */
import { type ControlPayload, redriveOf } from '../../contracts/step-payload.ts'
import { isOrchestratorError } from '../../domain/errors.ts'
import { executionArnOf } from '../../domain/execution-arn.ts'
import { parsePath, pathIn } from '../../domain/instance-path.ts'
import { isFinalStepStatus, type StepRecord } from '../../domain/step.ts'
import { superseded } from '../../domain/superseded.ts'
import { executionName } from '../../domain/task.ts'
import type { Begun } from '../../ports/index.ts'
import { isEach, isFanOut, type Step, type StepKind, stepKind } from '../../workflow/schema.ts'
import { stepAt } from '../steps/plan-paths.ts'
import { decideStep, keepInput, recordsOfNeeds } from '../steps/resolve-step.ts'
import { hasGoneOn, settleFailure, verdictOf } from '../steps/settle-failure.ts'
import { signalGates } from '../steps/signal-gates.ts'
import { withinTenant } from '../tenants/within-tenant.ts'
import { endWait, endWaitsInside } from '../waits/waiting.ts'
import { approval } from './approval.ts'
import { child } from './child.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'
import { conversation } from './conversation.ts'
import { emit } from './emit.ts'
import { fanOut } from './fan-out.ts'
import { item } from './item.ts'
import { loop } from './loop.ts'
import { send } from './send.ts'
import { wait } from './wait.ts'

const KINDS: Record<StepKind, Controlled<never>> = {
  agent: fanOut,
  approval,
  converse: conversation,
  emit,
  send,
  repeat: loop,
  steps: item,
  wait,
  workflow: child,
}

/** Kinds whose steps wait between their beginning and their end, so that the task is `waiting`. */
const WAITING: readonly StepKind[] = ['approval', 'wait']

/** Begins or ends a control step. Throws StepFailedError when the failure ends the task. */
export const controlStep =
  (all: Owned['ports']) =>
  async (
    { taskId, execution, path, fence, owner, at, ...call }: ControlPayload & { owner: string },
    report: (facts: { executionArn: string }) => void = () => {},
  ): Promise<ControlAnswer> => {
    const plan = await all.plans.getPlan(taskId, execution)
    const ports = withinTenant(all, plan.tenant)
    report({
      executionArn: executionArnOf({
        stateMachineArn: plan.stateMachineArn,
        name: executionName({ id: taskId, execution }),
      }),
    })
    const step = stepAt(plan, path)
    const own = { taskId, path, owner, fence }
    const task = { id: taskId, type: plan.type, metadata: plan.metadata }
    const decided = at === 'begin' ? await decide(ports, { task, plan, step, path }) : undefined
    if (decided && 'value' in decided) await kindOf(step).reopen?.({ ports, plan, step }, path, decided.value)
    const known = at === 'end' ? await ports.steps.findSteps(taskId, [path, ...pathsInItem(step, path)]) : []
    const before = known.find((record) => record.path === path)
    // An item with a body started with the first step of the body.
    const [first] = known.map((record) => record.startedAt).sort()
    const startedAt = before?.startedAt ?? first ?? ports.clock.now().toISOString()
    const taken = isEndOfEnded(before, fence)
      ? ({ kind: 'final', step: before } as const)
      : await ports.steps.takeOverStep(own, {
          startedAt,
          ...(decided?.begun ? { begun: decided.begun } : {}),
        })
    if (taken.kind === 'superseded') throw superseded(path)
    const owned: Owned = { ports, task, plan, step, record: taken.step, own, call }
    const work = async () => (taken.kind === 'final' ? endedBefore(owned) : act(owned, decided))
    const answer = await (at === 'end' ? withWaitsEnded(owned, work) : work())
    // An answer with a status ends the step.
    const isOver = answer.status !== undefined
    if (isOver) await signalGates(ports, plan, path)
    if (isOver && call.token !== undefined) await ports.executions.wake(call.token)
    return answer
  }

/**
 * Runs `work`, and removes the waits of a step that has ended, even if its failure ends the task or the enclosing step.
 */
async function withWaitsEnded(owned: Owned, work: () => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    const answer = await work()
    if (answer.status !== undefined) await endWaitsOf(owned)
    return answer
  } catch (thrown) {
    if (isOrchestratorError(thrown, 'StepFailedError')) await endWaitsOf(owned)
    throw thrown
  }
}

/** A failure in a body aborts the states of the other steps in it, so their waits are removed here. */
async function endWaitsOf(owned: Owned): Promise<void> {
  if (WAITING.includes(stepKind(owned.step))) await endWait(owned)
  else if (owned.call.error?.Error !== undefined) await endWaitsInside(owned)
}

const pathsInItem = (step: Step, path: string): string[] =>
  isEach(step) && parsePath(path).index !== undefined
    ? Object.keys(step.steps).map((id) => pathIn(path, id))
    : []

/** Whether the step already failed in `begin`: only a redrive runs it again (control/O1). */
function isEndOfEnded(before: StepRecord | undefined, fence: string): before is StepRecord {
  return (
    before !== undefined && isFinalStepStatus(before.status) && redriveOf(before.fence) === redriveOf(fence)
  )
}

/** A late or repeated call (control/O1). */
function endedBefore({ step, record }: Owned): ControlAnswer {
  const { path, status, error } = record
  if (status !== 'failed' || hasGoneOn(step, record)) return over(status)
  throw verdictOf({ name: error?.name ?? '', message: error?.message ?? `step "${path}" failed` })
}

/** Errors in the step or its input, which its `onFailure` handles. */
const SETTLED = ['InvalidInputError', 'InvalidWorkflowError', 'NoAgentError'] as const

/** `decided` is undefined for the end of a step. */
async function act(owned: Owned, decided: Decided | undefined): Promise<ControlAnswer> {
  const kind = kindOf(owned.step)
  try {
    return decided ? await begin(owned, kind, decided) : await kind.end(owned)
  } catch (thrown) {
    if (!isOrchestratorError(thrown, ...SETTLED)) throw thrown
    const message = `step "${owned.own.path}": ${thrown.message}`
    const { settled } = await settleFailure(owned, { name: thrown.name, message })
    return over(settled)
  }
}

async function begin(owned: Owned, kind: Controlled<Step>, decided: Decided): Promise<ControlAnswer> {
  if ('failure' in decided) throw decided.failure
  if (decided.kind === 'skip') return end(owned, { status: 'skipped', skipReason: decided.reason })
  return kind.begin(owned, decided.value)
}

/** Whether a step runs, and its input as it is kept; a failure is the step's, which begins all the same (control/O9). */
type Decided = { begun?: Begun } & (Awaited<ReturnType<typeof decideStep>> | { failure: unknown })

async function decide(
  ports: Owned['ports'],
  { task, plan, step, path }: Pick<Owned, 'task' | 'plan' | 'step'> & { path: string },
): Promise<Decided> {
  const kind = kindOf(step)
  try {
    const records = await recordsOfNeeds(ports.steps, plan, path)
    const decided = await decideStep(ports, { task, plan, records }, path, kind.template(step))
    if (decided.kind === 'skip') return { ...decided, begun: { input: undefined } }
    const input = kind.inputIn(decided.value)
    if (input === undefined) return decided
    return { ...decided, begun: { input: await keepInput(ports.values, plan.taskId, input) } }
  } catch (failure) {
    return { failure, begun: { input: undefined } }
  }
}

/** The implementation of the step's kind, which is only ever given steps of that kind. */
const kindOf = (step: Step): Controlled<Step> =>
  (isFanOut(step) ? fanOut : KINDS[stepKind(step)]) as Controlled<Step>
