import { redriveOf } from '../../contracts/step-payload.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { placeOf } from '../../domain/instance-path.ts'
import type { Json } from '../../domain/json.ts'
import { ownOf } from '../../domain/own.ts'
import { superseded } from '../../domain/superseded.ts'
import {
  type Cost,
  type EndedTask,
  executionName,
  isOpenTask,
  type OpenTask,
  type Parent,
  type Task,
} from '../../domain/task.ts'
import { secondsUntil } from '../../domain/times.ts'
import type { Plan } from '../../ports/index.ts'
import type { StepOf } from '../../workflow/schema.ts'
import { workflowComputedBy } from '../../workflow/step-kinds.ts'
import { chooseAgents, recordLoad } from '../choice/choose-agents.ts'
import { madeMachine } from '../machines/shared-machine.ts'
import { parseInput } from '../planning/check-input.ts'
import { makePlan } from '../planning/make-plan.ts'
import { givenFor } from '../planning/revise-plan.ts'
import { withLists } from '../steps/input-lists.ts'
import { keepInput } from '../steps/resolve-step.ts'
import { type Paid, settleFailure } from '../steps/settle-failure.ts'
import { cancelOne } from '../tasks/cancel-task.ts'
import { finishTask } from '../tasks/finish-task.ts'
import { reopen } from '../tasks/retry-task.ts'
import { executionInput, storeTask } from '../tasks/store-task.ts'
import { wholeOf } from '../tenants/within-tenant.ts'
import { computedWorkflow, type Definition } from './computed-workflow.ts'
import { type ControlAnswer, type Controlled, end, type Owned, over } from './controlled.ts'

type Child = StepOf<'workflow'>

/** Deeper recursion of child workflows is treated as a mistake. */
const MAX_DEPTH = 8

/** A child workflow: a separate task, whose execution the step's state starts and waits for. */
export const child: Controlled<Child> = {
  template: (step) => ({
    input: step.input,
    ...(workflowComputedBy(step) === undefined ? {} : { workflow: step.workflow }),
  }),
  // That of its task, kept when it has one.
  inputIn: () => undefined,

  /** Stores the child's task under an id derived from the call, so that a repeated call finds it. */
  async begin(owned, value) {
    const { ports, plan, step, own, record } = owned
    const { loads, ids } = ports
    const taskId = `t_${ids.digest([own.taskId, own.path, redriveOf(own.fence)].join('\n')).slice(0, 26)}`
    const before = await begunBefore(owned, taskId)
    if (before) {
      if (record.child === undefined) await note(owned, await planOf(ports, before))
      return goOn(owned, before)
    }
    const parent = await parentOf(owned)
    const { workflow, machine } = await definitionOf(owned, value.workflow)
    const { tenant, prefer, deadline, priority, submittedBy } = plan
    const left = deadline === undefined ? {} : { seconds: secondsUntil(deadline, ports.clock.now()) }
    // An input that evaluates to nothing means no input, not the parent's.
    const input = parseInput(
      workflow,
      step.input === undefined ? plan.input : (withLists(value.input, step.input, workflow.input) ?? null),
    )
    const chosen = await chooseAgents(ports, workflow, {
      ...{ seed: taskId, tenant, prefer, left },
      suspending: machine.suspending,
    })
    const childPlan = makePlan({
      tenant,
      metadata: plan.metadata,
      deadline,
      priority,
      prefer,
      submittedBy,
      budget: plan.budget && {},
      requestDigest: '',
      taskId,
      workflow,
      input,
      machine: await machine.make(),
      chosen,
    })
    const { task, plan: stored, first, told } = await storeTask(ports, childPlan, { parent })
    await told
    if (first) await recordLoad(loads, chosen.decisions).catch(() => {})
    await note(owned, stored)
    return startOf(task, stored)
  },

  /** The outcome of the child becomes the outcome of the step. */
  async end(owned) {
    const { ports, step, own, record, call } = owned
    const task = record.child === undefined ? undefined : await endedChild(owned, record.child)
    if (!task) return fail(owned, 'BugError', 'it has no task')
    const { id, workflow, status } = task
    const what = `task ${id} of workflow ${workflow.name}`
    // The parent pays for the child, however it has ended.
    const cost = { costUsd: task.cost?.usd ?? 0, tokens: task.cost?.tokens ?? 0, ...unpricedOf(task.cost) }
    if (status === 'succeeded') {
      const output = await ports.values.storeValue(own.taskId, await ports.values.loadValue(task.result))
      return end(owned, { status: 'succeeded', output, ...cost, ...degradedOf(what, task.degraded) })
    }
    if (status !== 'cancelled') return fail(owned, task.error.name, `${what}: ${task.error.message}`, cost)
    if (call.error?.Error === 'States.Timeout')
      return fail(
        owned,
        'StepTimedOutError',
        `${what} took longer than ${step.timeoutSeconds} s (timeoutSeconds)`,
        cost,
      )
    return fail(owned, 'ChildCancelledError', `${what} was cancelled: ${task.reason}`, cost)
  },
}

/**
 * The child's task, where the step has begun before. A computed workflow may be refused by now, so that a call which was interrupted before it
 * has noted its child looks for it (control/O10).
 */
async function begunBefore({ ports, step, record }: Owned<Child>, id: string): Promise<Task | undefined> {
  const known = record.child ?? (workflowComputedBy(step) === undefined ? undefined : id)
  return known === undefined ? undefined : ports.tasks.findTask(known)
}

/** The workflow that the plan has found for the step, or the one that its expression has come to. */
async function definitionOf(
  { ports, plan, step, own }: Owned<Child>,
  computed: Json | undefined,
): Promise<Definition> {
  if (workflowComputedBy(step) !== undefined) return computedWorkflow(ports, computed, plan.tenant)
  const version = ownOf(plan.children, placeOf(own.path))
  const registered = version && (await wholeOf(ports.workflows).findWorkflow(version.name, version.version))
  if (!registered) throw new OrchestratorError('BugError', `the plan has no workflow for "${own.path}"`)
  return { workflow: registered.workflow, machine: madeMachine(registered) }
}

async function note({ ports, own }: Owned<Child>, { taskId, input }: Plan): Promise<void> {
  const kept = await keepInput(ports.values, own.taskId, input)
  if (!(await ports.steps.noteStep(own, { child: taskId, input: kept }))) throw superseded(own.path)
}

const planOf = ({ plans }: Pick<Owned['ports'], 'plans'>, { id, execution }: Task): Promise<Plan> =>
  plans.getPlan(id, execution)

function startOf(task: Task, plan: Plan): ControlAnswer {
  return {
    child: { stateMachineArn: task.stateMachineArn, name: executionName(task), ...executionInput(plan) },
  }
}

/** Resumes the existing child task when the step runs again, by a retry of the parent or a repeated call; completed work is kept. */
async function goOn(owned: Owned<Child>, before: Task): Promise<ControlAnswer> {
  const { ports } = owned
  const ended = isOpenTask(before) ? await endedSince(ports, before) : before
  if (!ended) return startOf(before, await planOf(ports, before))
  return ended.status === 'succeeded' ? child.end(owned) : again(owned, ended)
}

/** The child's execution may have ended without its event having been processed, or not have started yet. */
async function endedSince(ports: Owned['ports'], task: OpenTask): Promise<EndedTask | undefined> {
  const name = executionName(task)
  const execution = await ports.executions.find({ stateMachineArn: task.stateMachineArn, name })
  if (!execution || execution.status === 'RUNNING') return undefined
  await finishTask(ports)({ name, ended: { ...execution, status: execution.status } })
  const now = await ports.tasks.findTask(task.id)
  return now && !isOpenTask(now) ? now : undefined
}

async function again(
  { ports, plan: { deadline } }: Owned<Child>,
  task: Exclude<EndedTask, { status: 'succeeded' }>,
): Promise<ControlAnswer> {
  // The shared machine of a computed workflow may have been collected since.
  const given = await givenFor(ports, await planOf(ports, task), {})
  const reopened = await reopen(ports, task, deadline === undefined ? {} : { deadline }, given)
  return startOf(reopened.task, reopened.plan)
}

const unpricedOf = (cost: Cost | undefined): Pick<Paid, 'unpriced'> =>
  cost?.unpriced ? { unpriced: cost.unpriced } : {}

function degradedOf(what: string, [first, ...more]: readonly { path: string; reason: string }[]) {
  if (!first) return {}
  const others = more.length > 0 ? ` and ${more.length} more` : ''
  return { degraded: `${what}: ${first.path}${others}: ${first.reason}` }
}

async function parentOf({ ports, own }: Owned): Promise<Parent> {
  const task = await ports.tasks.findTask(own.taskId)
  if (!task) throw new OrchestratorError('BugError', `there is no task ${own.taskId}`)
  // What a goal has been planned to is run from here on.
  if (task.status === 'planning') await ports.tasks.setWaiting(task, 'running')
  const depth = 1 + (task.parent?.depth ?? 0)
  if (depth > MAX_DEPTH) {
    const message = `its workflow would be ${depth} workflows deep; the most is ${MAX_DEPTH}: does one call itself?`
    throw new OrchestratorError('InvalidInputError', message)
  }
  return { taskId: own.taskId, path: own.path, depth }
}

/** The child's task at its end; a child that took too long is cancelled. */
async function endedChild({ ports, call }: Owned, id: string): Promise<EndedTask | undefined> {
  const { tasks, executions } = ports
  const task = await tasks.findTask(id)
  if (!task || !isOpenTask(task)) return task
  const name = executionName(task)
  const execution = await executions.find({ stateMachineArn: task.stateMachineArn, name })
  if (execution && execution.status !== 'RUNNING') {
    const { status } = execution
    await finishTask(ports)({ name, ended: { ...execution, status } })
  } else if (call.error?.Error === 'States.Timeout') {
    await cancelOne(ports, task, 'it took longer than its parent waits')
  } else if (call.error?.Error !== undefined && !execution) {
    await cancelOne(ports, task, `it could not be started: ${call.error.Error}`)
  } else {
    throw new OrchestratorError('UnavailableError', `task ${id} has not ended yet`)
  }
  const ended = await tasks.findTask(id)
  return ended && !isOpenTask(ended) ? ended : undefined
}

async function fail(
  owned: Owned<Child>,
  name: string,
  reason: string,
  cost: Paid = {},
): Promise<ControlAnswer> {
  const message = `step "${owned.own.path}": ${reason}`
  return over((await settleFailure(owned, { name, message }, cost)).settled)
}
