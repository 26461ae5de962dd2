/**
 * Invariants (tests cite them):
 * S1 a task that was answered for exists, and is run: either its execution is started here, or the reconciler does
 * S2 one Idempotency-Key is one task: the same request finds the first, another request is refused
 * S3 a refused request leaves nothing behind
 */
import type { Compiled } from '../compiler/index.ts'
import type { SubmitTask } from '../contracts/requests.ts'
import type { TaskView } from '../contracts/views.ts'
import { isOrchestratorError, OrchestratorError } from '../domain/errors.ts'
import { taskEvent } from '../domain/event.ts'
import { parsePath } from '../domain/instance-path.ts'
import { canonicalJson } from '../domain/json.ts'
import { executionName, type OpenTask, type Task } from '../domain/task.ts'
import type { ExecutionInput, Plan, Ports } from '../ports/index.ts'
import { checkFileReferences, givenWorkflow, parseInput, planWorkflow, recordLoad } from './plan-task.ts'
import { taskView } from './views.ts'

type Needs = Pick<Ports, 'tasks' | 'registry' | 'files' | 'bus' | 'executions' | 'machines' | 'clock' | 'ids'>

/** Plans, stores and starts a task. Throws InvalidInputError, NotFoundError, NoAgentError, ConflictError. */
export const submitTask =
  (ports: Needs) =>
  async (request: SubmitTask & { tenant: string }): Promise<TaskView> => {
    const digest = digestOf(ports, request)
    const taskId = taskIdOf(ports, request)
    const before = request.idempotencyKey ? await ports.tasks.findTask(taskId) : undefined
    if (before) return taskView(sameRequest(before, digest))

    const { workflow, registered } = await givenWorkflow(ports.registry, request)
    const input = parseInput(workflow, request.input)
    await checkFileReferences(ports.files, input)
    const planned = await planWorkflow(ports.registry, workflow, { anonymous: !registered })
    const { bindings, decisions } = planned
    const machine: Machine = registered ?? (await sharedMachine(ports, planned.compiled))

    const plan: Plan = {
      taskId,
      requestDigest: digest,
      type: request.type,
      metadata: request.metadata,
      workflow,
      input,
      bindings,
      decisions,
      gates: machine.gates,
      positions: machine.positions,
    }
    const first = await ports.tasks.createPlan(plan)
    if (!first) await samePlan(ports, taskId, digest)
    const task: OpenTask = {
      id: taskId,
      status: 'running',
      tenant: request.tenant,
      ...(request.type ? { type: request.type } : {}),
      workflow: { name: workflow.name, version: workflow.version },
      stateMachineArn: machine.stateMachineArn,
      execution: 1,
      requestDigest: digest,
      createdAt: ports.clock.now().toISOString(),
      metadata: request.metadata,
    }
    if (!(await ports.tasks.createTask(task))) {
      return taskView(sameRequest((await ports.tasks.findTask(taskId)) ?? task, digest))
    }
    await ports.bus.publish([taskEvent(task)])
    // Load is advice for the next choice: a task that is stored does not fail for it.
    await Promise.all([startTask(ports, task), recordLoad(ports.registry, decisions).catch(() => {})])
    return taskView(task)
  }

type Machine = Pick<Compiled, 'gates' | 'positions'> & { stateMachineArn: string }

/** The machine that all workflows of one shape and policy share: named after its definition, and made when it is first needed. */
async function sharedMachine(
  { machines, ids }: Pick<Ports, 'machines' | 'ids'>,
  { definition, gates, positions }: Compiled,
): Promise<Machine> {
  const name = `shared-${ids.digest(JSON.stringify(definition)).slice(0, 24)}`
  return { stateMachineArn: await machines.ensure({ name, definition }), gates, positions }
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

function executionInput({ taskId, bindings, positions }: Plan): ExecutionInput {
  const functions: ExecutionInput['functions'] = {}
  for (const [place, { functionArn }] of Object.entries(bindings)) {
    setAt(functions, positions?.[place] ?? place, functionArn)
  }
  const steps = Object.entries(positions ?? {}).map(([place, at]) => [at, parsePath(place).stepId])
  return { taskId, functions, ...(positions ? { steps: Object.fromEntries(steps) } : {}) }
}

/** Steps of a loop are members of its own member. */
function setAt(functions: ExecutionInput['functions'], place: string, functionArn: string): void {
  const { scope, stepId } = parsePath(place)
  let inside = functions
  for (const loop of scope === '' ? [] : scope.split('.')) {
    inside[loop] ??= {}
    inside = inside[loop] as ExecutionInput['functions']
  }
  inside[stepId] = functionArn
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

function sameRequest(task: Task, digest: string): Task {
  if (task.requestDigest !== digest) throw keyConflict(task.id)
  return task
}

async function samePlan({ tasks }: Needs, taskId: string, digest: string): Promise<void> {
  if ((await tasks.getPlan(taskId)).requestDigest !== digest) throw keyConflict(taskId)
}

function keyConflict(taskId: string): OrchestratorError {
  const message = `this Idempotency-Key was used for another request (task ${taskId}); use a new key for a new request`
  return new OrchestratorError('ConflictError', message, { taskId })
}
