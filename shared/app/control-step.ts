/**
 * Steps that no agent runs: waits, approvals, emitted events; and fan-outs, whose items agents run.
 *
 * Invariants (tests cite them):
 * O1 a step that has ended is not done again: whoever comes again goes on, and its gates are signalled again
 * O2 a step's record is final before its gates are signalled, and before its states go on
 * O3 a step that is skipped waits for nothing and nobody
 * O4 an approval ends once: by the first answer, or by its time
 * O5 a fan-out answers what its items did, in their order; more failures than it tolerates are its own
 */
import type { ControlPayload } from '../contracts/step-payload.ts'
import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { approvalRequestedEvent, customEvent } from '../domain/event.ts'
import { itemPath } from '../domain/instance-path.ts'
import type { Json } from '../domain/json.ts'
import { type Approval, NOBODY, type StepRecord } from '../domain/step.ts'
import type { Ports, StepEnd } from '../ports/index.ts'
import { type AgentStep, goesOnAfterFailure, isAgentStep, type StepOf, stepKind } from '../workflow/schema.ts'
import { decideStep, recordsOfNeeds, stepAt } from './resolve-step.ts'
import { endStep, type Situation, settleFailure, superseded, wireName } from './settle-failure.ts'
import { signalGates } from './signal-gates.ts'

type Needs = Pick<Ports, 'tasks' | 'bus' | 'clock' | 'executions'>
type Owned = Situation & { ports: Needs }
/** `seconds` is for the Wait that comes next, `indexes` for the Map. */
export type ControlAnswer = { seconds?: number; indexes?: number[]; status?: StepRecord['status'] }

const SECOND = 1_000
const DEFAULT_MAX_ITEMS = 1_000
const MAX_WAIT_SECONDS = 31_536_000

/** Begins such a step, or ends it. Throws the failure under its own name where it ends the task. */
export const controlStep =
  (ports: Needs) =>
  async ({
    taskId,
    path,
    fence,
    owner,
    at,
    token,
  }: ControlPayload & { owner: string }): Promise<ControlAnswer> => {
    const plan = await ports.tasks.getPlan(taskId)
    const step = stepAt(plan, path)
    const own = { taskId, path, owner, fence }
    const [before] = at === 'end' ? await ports.tasks.findSteps(taskId, [path]) : []
    const startedAt = before?.startedAt ?? ports.clock.now().toISOString()
    const taken = await ports.tasks.takeOverStep(own, { startedAt })
    if (taken.kind === 'superseded') throw superseded(path)
    const task = { id: taskId, type: plan.type, metadata: plan.metadata }
    const situation: Owned = { ports, task, plan, step, record: taken.step, own }
    const answer = taken.kind === 'final' ? endedBefore(situation) : await act(situation, at, token)
    // It goes on to its end, or is there.
    const isOver = answer.status !== undefined
    if (isOver) await signalGates(ports, plan, path)
    if (isOver && token !== undefined) await ports.executions.wake(token)
    return answer
  }

/** A late or repeated call (O1). */
function endedBefore({ step, record }: Owned): ControlAnswer {
  const { path, status, error } = record
  if (status !== 'failed' || goesOnAfterFailure(step)) return over(status)
  throw Object.assign(new Error(error?.message ?? `step "${path}" failed`), {
    name: wireName(error?.name ?? ''),
  })
}

async function act(situation: Owned, at: ControlPayload['at'], token?: string): Promise<ControlAnswer> {
  try {
    return at === 'end' ? await finish(situation) : await begin(situation, token)
  } catch (thrown) {
    if (!isOrchestratorError(thrown, 'InvalidInputError')) throw thrown
    const message = `step "${situation.own.path}": ${thrown.message}`
    const { settled } = await settleFailure(situation, { name: thrown.name, message })
    return over(settled)
  }
}

async function begin(situation: Owned, token: string | undefined): Promise<ControlAnswer> {
  const { ports, task, plan, step, own } = situation
  const records = await recordsOfNeeds(ports.tasks, plan, own.path)
  const decided = await decideStep(ports.tasks, { task, plan, records }, own.path, templateOf(situation))
  if (decided.kind === 'skip') return end(situation, { status: 'skipped', skipReason: decided.reason })
  const { value } = decided
  const kind = stepKind(step)
  if (isAgentStep(step)) return fanOut(situation, value)
  if (kind === 'emit') return emit(situation, value)
  if (kind === 'wait') return { seconds: secondsOf(value, ports.clock.now().getTime()) }
  return ask(situation, value, token)
}

/** What is evaluated before the step is done. */
function templateOf({ step }: Owned): Record<string, unknown> {
  if (isAgentStep(step)) return { items: step.forEach }
  if ('emit' in step) return { type: step.emit.type, data: step.emit.data }
  if ('wait' in step) return step.wait
  if ('approval' in step) return { prompt: step.approval.prompt }
  throw new OrchestratorError('BugError', `a step of the kind ${stepKind(step)} is not controlled here`)
}

async function emit(situation: Owned, { type, data = null }: Record<string, Json>): Promise<ControlAnswer> {
  const { ports, own, record } = situation
  const event = customEvent(own.taskId, own.path, { type: String(type), data, time: record.startedAt })
  await ports.bus.publish([event])
  return end(situation, { status: 'succeeded', output: await ports.tasks.storeValue(own.taskId, data) })
}

/** Keeps the items, so that those who run them need not be given them. Throws InvalidInputError for what is no list. */
async function fanOut({ ports, step, own }: Owned, { items }: Record<string, Json>): Promise<ControlAnswer> {
  const { maxItems = DEFAULT_MAX_ITEMS } = step as AgentStep
  if (!Array.isArray(items)) {
    const message = `forEach is ${JSON.stringify(items ?? null)?.slice(0, 100)}, which is no list`
    throw new OrchestratorError('InvalidInputError', message)
  }
  if (items.length > maxItems) {
    const message = `forEach has ${items.length} items; the most is ${maxItems} (maxItems)`
    throw new OrchestratorError('InvalidInputError', message)
  }
  if (!(await ports.tasks.setItems(own, await ports.tasks.storeValue(own.taskId, items))))
    throw superseded(own.path)
  return { indexes: items.map((_item, index) => index) }
}

/** What the items have answered, in their order; null where one has failed (O5). */
async function gather(situation: Owned, step: AgentStep): Promise<ControlAnswer> {
  const { ports, own, record } = situation
  const items = record.items ? ((await ports.tasks.loadValue(record.items)) as Json[]) : []
  const paths = items.map((_item, index) => itemPath(own.path, index))
  const found = new Map((await ports.tasks.findSteps(own.taskId, paths)).map((item) => [item.path, item]))
  const outputs = await Promise.all(
    paths.map(async (path) => {
      const { status, output } = found.get(path) ?? {}
      return status === 'succeeded' && output ? ports.tasks.loadValue(output) : null
    }),
  )
  const failed = paths.filter((path) => found.get(path)?.status !== 'succeeded')
  if (failed.length > tolerated(step, items.length)) {
    const first = found.get(failed[0] ?? '')?.error
    const message = `step "${own.path}": ${failed.length} of ${items.length} items failed, the first (${failed[0]}) with: ${first?.message ?? 'no answer'}`
    return over(
      (await settleFailure(situation, { name: first?.name ?? 'AgentFailedError', message })).settled,
    )
  }
  const output = await ports.tasks.storeValue(own.taskId, outputs)
  const degraded = failed.length > 0 ? { degraded: `${failed.length} of ${items.length} items failed` } : {}
  return end(situation, { status: 'succeeded', output, ...degraded })
}

/** `tolerate` is a number of items, or a share of them in percent. */
function tolerated({ tolerate = 0 }: AgentStep, items: number): number {
  return typeof tolerate === 'number' ? tolerate : Math.floor((Number.parseInt(tolerate, 10) / 100) * items)
}

/** Whole seconds, rounded up: nobody is woken early. Throws InvalidInputError for what is no time. */
function secondsOf({ seconds, until }: Record<string, Json>, now: number): number {
  const asNumber = typeof seconds === 'number' ? seconds : Number.NaN
  const wanted = until === undefined ? asNumber : (Date.parse(String(until)) - now) / SECOND
  const given = until === undefined ? `seconds ${JSON.stringify(seconds)}` : `until ${JSON.stringify(until)}`
  if (!Number.isFinite(wanted) || (until === undefined && wanted < 0)) {
    const right = 'seconds is a number of at least 0, until a time such as 2026-12-24T18:00:00Z'
    throw new OrchestratorError('InvalidInputError', `it cannot wait for ${given}: ${right}`)
  }
  if (wanted > MAX_WAIT_SECONDS)
    throw new OrchestratorError('InvalidInputError', `it cannot wait for ${given}: a year is the most`)
  return Math.ceil(Math.max(0, wanted))
}

/** Notes who may answer what, and tells of it; the answer comes through the API, which wakes the state. */
async function ask(
  { ports, step, own, record }: Owned,
  { prompt }: Record<string, Json>,
  token: string | undefined,
): Promise<ControlAnswer> {
  const { approval } = step as StepOf<'approval'>
  if (token === undefined)
    throw new OrchestratorError('BugError', `step "${own.path}" has no token to be woken by`)
  if (record.approval?.answer) {
    // Asked again after a crash: somebody has answered meanwhile.
    await ports.executions.wake(token)
    return {}
  }
  const { choices = ['approve', 'reject'], approvers, timeoutSeconds } = approval
  const requestedAt = ports.clock.now()
  const expiresAt = new Date(requestedAt.getTime() + timeoutSeconds * SECOND).toISOString()
  const asked = { prompt: String(prompt), choices, ...(approvers ? { approvers } : {}), expiresAt, token }
  if (!(await ports.tasks.askApproval(own, asked))) throw superseded(own.path)
  const { token: _token, ...shown } = asked
  await ports.bus.publish([approvalRequestedEvent(own.taskId, own.path, requestedAt.toISOString(), shown)])
  return {}
}

async function finish(situation: Owned): Promise<ControlAnswer> {
  const { ports, step, own } = situation
  if (isAgentStep(step)) return gather(situation, step)
  if (!('approval' in step)) return end(situation, { status: 'succeeded' })
  const answer = await decisionOf(situation, step.approval.onTimeout)
  if (answer && (answer.by !== NOBODY || step.approval.onTimeout !== undefined)) {
    const output = await ports.tasks.storeValue(own.taskId, answer as Json)
    return end(situation, { status: 'succeeded', output })
  }
  const message = `step "${own.path}": nobody answered within ${step.approval.timeoutSeconds} s`
  const { settled } = await settleFailure(situation, { name: 'ApprovalTimedOutError', message })
  return over(settled)
}

/** The first answer; time is one more who may give it, so that nobody is told that a late answer counts (O4). */
async function decisionOf(
  { ports: { tasks, clock }, own, record }: Owned,
  onTimeout = 'none',
): Promise<Approval['answer']> {
  if (record.approval?.answer) return record.approval.answer
  const timedOut = { decision: onTimeout, by: NOBODY, at: clock.now().toISOString() }
  const kept = await tasks.answerApproval(own.taskId, own.path, timedOut)
  return (kept ?? (await tasks.findSteps(own.taskId, [own.path]))[0])?.approval?.answer
}

async function end(situation: Owned, outcome: Omit<StepEnd, 'endedAt'>): Promise<ControlAnswer> {
  await endStep(situation, outcome)
  return over(outcome.status)
}

/** There is nothing to wait for any more (O3). */
const over = (status: StepRecord['status']): ControlAnswer => ({ status, seconds: 0, indexes: [] })
