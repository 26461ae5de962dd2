import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { taskEvent } from '../../domain/events-of-task.ts'
import { parsePath } from '../../domain/instance-path.ts'
import { ownOf } from '../../domain/own.ts'
import { type Parent, runKey, type Task } from '../../domain/task.ts'
import type { ExecutionInput, Plan, Ports } from '../../ports/index.ts'
import { openChildBudget } from '../limits/spend-budget.ts'
import { countTask } from '../quotas/task-quota.ts'
import { makeTask } from './make-task.ts'

/**
 * Stores a plan and its task, and publishes the event; `first` is false when they existed already and were kept. The caller must await
 * `told` before it returns. `prepare` runs after the plan is stored and before the task is. Throws ConflictError when the id belongs to a
 * different request.
 */
export async function storeTask(
  ports: StoreNeeds,
  plan: Plan,
  { parent, status = 'running', prepare }: How = {},
): Promise<StoredTask> {
  if (parent) return storePlanned(ports, plan, { parent, status, prepare })
  const counted = await countTask(ports, plan)
  try {
    const stored = await storePlanned(ports, plan, { status, prepare })
    // Best effort: what is neither kept nor given back stays counted, and the task is stored.
    await (stored.first ? counted.keep() : counted.giveBack()).catch(() => {})
    return stored
  } catch (error) {
    // Where only the answer was lost it is stored, and counts (tasks-of-day/D1). What is stored after a conflict is another request's (tasks-of-day/D3).
    const isOthers = isOrchestratorError(error, 'ConflictError')
    if (isOthers || !(await ports.tasks.findTask(plan.taskId))) await counted.giveBack()
    throw error
  }
}

type StoreNeeds = Pick<Ports, 'tasks' | 'plans' | 'budgets' | 'bus' | 'clock' | 'ids'> &
  Partial<Pick<Ports, 'quotas'>>
type How = {
  parent?: Parent | undefined
  status?: 'running' | 'queued' | 'planning'
  prepare?: ((stored: Plan) => Promise<void>) | undefined
}
type StoredTask = { task: Task; plan: Plan; first: boolean; told: Promise<void> }

async function storePlanned(
  { tasks, plans, budgets, bus, clock }: StoreNeeds,
  plan: Plan,
  { parent, status = 'running', prepare }: How,
): Promise<StoredTask> {
  const { taskId, requestDigest } = plan
  const stored = (await plans.createPlan(plan)) ? plan : await plans.getPlan(taskId)
  requireSame(taskId, stored, requestDigest)
  await prepare?.(stored)
  const { budget } = stored
  // Before any step can spend from it.
  if (budget && parent) await openChildBudget(budgets, parent.taskId, taskId)
  else if (budget) await budgets.create(taskId, budget)
  const task = makeTask(stored, { status, parent, createdAt: clock.now().toISOString() })
  if (!(await tasks.createTask(task))) {
    const before = await tasks.findTask(taskId)
    // Deleted while this request was planned; what it has stored goes with the late pass (deletion/D3).
    if (!before)
      throw new OrchestratorError('ConflictError', `task ${taskId} was deleted; use a new Idempotency-Key`, {
        taskId,
      })
    requireSame(taskId, before, requestDigest)
    return { task: before, plan: stored, first: false, told: Promise.resolve() }
  }
  return { task, plan: stored, first: true, told: bus.publish([taskEvent(task)]) }
}

export function requireSame(taskId: string, before: Pick<Task, 'requestDigest'>, digest: string): void {
  if (before.requestDigest === digest) return
  const message = `this Idempotency-Key was used for another request (task ${taskId}); use a new key for a new request`
  throw new OrchestratorError('ConflictError', message, { taskId })
}

export function executionInput(plan: Plan): ExecutionInput {
  const { bindings, positions } = plan
  const functions: ExecutionInput['functions'] = {}
  for (const [place, { functionArn }] of Object.entries(bindings)) {
    setAt(functions, ownOf(positions, place) ?? place, functionArn)
  }
  const steps = Object.entries(positions ?? {}).map(([place, at]) => [at, parsePath(place).stepId])
  return { taskId: runKey(plan), functions, ...(positions ? { steps: Object.fromEntries(steps) } : {}) }
}

/** The functions of a loop's body are nested under the loop. */
function setAt(functions: ExecutionInput['functions'], place: string, functionArn: string): void {
  const { scope, stepId } = parsePath(place)
  let inside = functions
  for (const loop of scope === '' ? [] : scope.split('.')) {
    if (!Object.hasOwn(inside, loop)) inside[loop] = {}
    inside = inside[loop] as ExecutionInput['functions']
  }
  inside[stepId] = functionArn
}
