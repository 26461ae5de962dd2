/**
 * Invariants (tests cite them):
 * S1 a task that was answered for exists, and is run: either its execution is started here, or the reconciler does
 * S2 one Idempotency-Key is one task: the same request finds the first, another request is refused
 * S3 a refused request leaves nothing behind
 */
import type { SubmitTask } from '../contracts/requests.ts'
import type { TaskView } from '../contracts/views.ts'
import { isOrchestratorError } from '../domain/errors.ts'
import { taskEvent } from '../domain/event.ts'
import { canonicalJson } from '../domain/json.ts'
import { executionName, isOpenTask, type OpenTask } from '../domain/task.ts'
import type { Plan, Ports } from '../ports/index.ts'
import { checkFileReferences, givenWorkflow, parseInput, planWorkflow, recordLoad } from './plan-task.ts'
import { type MachineOfTask, sharedMachine } from './shared-machine.ts'
import { executionInput, requireSame, storeTask } from './store-task.ts'
import { taskView } from './views.ts'

type Needs = Pick<Ports, 'tasks' | 'registry' | 'files' | 'bus' | 'executions' | 'machines' | 'clock' | 'ids'>

/** Plans, stores and starts a task. Throws InvalidInputError, NotFoundError, NoAgentError, ConflictError. */
export const submitTask =
  (ports: Needs) =>
  async (request: SubmitTask & { tenant: string }): Promise<TaskView> => {
    const digest = digestOf(ports, request)
    const taskId = taskIdOf(ports, request)
    const before = request.idempotencyKey ? await ports.tasks.findTask(taskId) : undefined
    if (before) {
      requireSame(taskId, before, digest)
      return taskView(before)
    }

    const { workflow, registered } = await givenWorkflow(ports.registry, request)
    const input = parseInput(workflow, request.input)
    await checkFileReferences(ports.files, input)
    const makeMachine = registered ? () => registered : sharedMachine(ports, workflow)
    const { bindings, decisions, children } = await planWorkflow(ports.registry, workflow)
    const machine: MachineOfTask = await makeMachine()

    const { tenant } = request
    const plan: Plan = {
      taskId,
      requestDigest: digest,
      stateMachineArn: machine.stateMachineArn,
      tenant,
      type: request.type,
      metadata: request.metadata,
      workflow,
      input,
      bindings,
      decisions,
      gates: machine.gates,
      positions: machine.positions,
      children,
    }
    const { task, first } = await storeTask(ports, plan)
    if (!first || !isOpenTask(task)) return taskView(task)
    // Load is advice for the next choice: a task that is stored does not fail for it.
    await Promise.all([startTask(ports, task), recordLoad(ports.registry, decisions).catch(() => {})])
    return taskView(task)
  }

/**
 * Starts the execution of a stored task; safe to repeat, for the execution's name is the task's. A task that can
 * never be started ends as failed, and the error is thrown.
 */
export async function startTask(
  ports: Pick<Ports, 'tasks' | 'executions' | 'clock' | 'bus'>,
  task: OpenTask,
): Promise<void> {
  const plan = await ports.tasks.getPlan(task.id)
  const execution = { stateMachineArn: task.stateMachineArn, name: executionName(task) }
  try {
    await ports.executions.start({ ...execution, input: executionInput(plan) })
  } catch (error) {
    // Throttled or out of reach for a moment: the task is stored, and the reconciler starts what has no execution (S1).
    if (isOrchestratorError(error, 'UnavailableError', 'TooManyRequestsError')) return
    await failUnstarted(ports, task, error)
    throw error
  }
  // Cancelled between being stored and being started: then there was nothing to stop yet.
  const now = await ports.tasks.findTask(task.id)
  if (now?.status === 'cancelled') await ports.executions.stop(execution, now.reason)
}

async function failUnstarted(
  { tasks, bus, clock }: Pick<Ports, 'tasks' | 'clock' | 'bus'>,
  task: OpenTask,
  cause: unknown,
): Promise<void> {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
  const error = { name, message: `its execution could not be started: ${message}` }
  const failed = { ...task, status: 'failed' as const, endedAt: clock.now().toISOString(), error }
  if (await tasks.endTask(failed)) await bus.publish([taskEvent(failed)])
}

function digestOf(ports: Pick<Ports, 'ids'>, { type, workflow, input, metadata }: SubmitTask): string {
  return ports.ids.digest(canonicalJson({ type, workflow, input, metadata }))
}

/** With a key the id is a hash of tenant and key, so that a repeat finds the first (S2). */
function taskIdOf(
  { ids }: Pick<Ports, 'ids'>,
  { tenant, idempotencyKey }: SubmitTask & { tenant: string },
): string {
  return idempotencyKey === undefined
    ? ids.makeId('t')
    : `t_${ids.digest(`${tenant}\n${idempotencyKey}`).slice(0, 26)}`
}
