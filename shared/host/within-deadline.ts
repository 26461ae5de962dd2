import { stepOf } from '../app/steps/plan-paths.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { FIRST_EXECUTION, isOpenTask } from '../domain/task.ts'
import { secondsUntil } from '../domain/times.ts'
import { DEFAULT_TIMEOUT_SECONDS } from '../workflow/schema.ts'
import { type HostPorts, type Invocation, platformTimer } from './host-ports.ts'
import type { Limits, StepRun } from './step-run.ts'

/** A step that begins at once, and is shorter than this, costs no extra read. */
const POLL_MILLISECONDS = 1_000
/** Left to note the failure before the invocation is ended from outside. */
const MARGIN_MILLISECONDS = 1_500

/** The most that Lambda gives an invocation. */
const LONGEST_MILLISECONDS = 15 * 60_000

type Needs = Pick<HostPorts, 'tasks' | 'clock' | 'timer'>

/**
 * Works with a deadline, and a signal that aborts on it and on cancellation: stopping an execution does not stop the function that works
 * for it, so the host looks at the task meanwhile. Throws TaskCancelledError where the task was cancelled before the work began.
 */
export async function withinDeadline<T>(
  ports: Needs,
  run: StepRun,
  invocation: Invocation,
  work: (limits: Limits) => Promise<T>,
): Promise<T> {
  const { tasks, clock, timer = platformTimer } = ports
  const { own, plan, enteredAt } = run
  const { milliseconds, late } = timeOf(ports, run, invocation)
  const controller = new AbortController()
  const look = async (): Promise<void> => {
    const task = await tasks.findTask(own.taskId).catch(() => undefined)
    const isOurs = task?.execution === (plan.execution ?? FIRST_EXECUTION)
    if (!task || (isOpenTask(task) && isOurs)) return
    const what = isOurs ? task.status : 'being retried'
    controller.abort(new OrchestratorError('TaskCancelledError', `task ${own.taskId} is ${what}`))
  }
  const poll = (): void => {
    stopPolling = timer(POLL_MILLISECONDS, poll)
    void look()
  }
  const stopTimeout = timer(milliseconds, () => controller.abort(late))
  let stopPolling = timer(POLL_MILLISECONDS, poll)
  // A timer of no time would let a quick agent win.
  if (milliseconds === 0) controller.abort(late)
  try {
    const deadline = new Date(clock.now().getTime() + milliseconds)
    // It has been on its way for a while: a cold start, or a call that was throttled. Nothing begins for what was cancelled meanwhile.
    if (clock.now().getTime() - enteredAt > POLL_MILLISECONDS) {
      await look()
      controller.signal.throwIfAborted()
    }
    return await work({ deadline, signal: controller.signal })
  } finally {
    stopTimeout()
    stopPolling()
  }
}

/** How long the step has, and the error that ends it then: never longer than its Task state waits for it. */
function timeOf({ clock }: Needs, { agent, own, plan }: StepRun, invocation: Invocation) {
  const { timeoutSeconds } = agent.manifest.limits
  const seconds = stepOf(plan, own.path).timeoutSeconds ?? Math.min(timeoutSeconds, DEFAULT_TIMEOUT_SECONDS)
  const left = invocation.remainingMs() - MARGIN_MILLISECONDS
  const ofTask = plan.deadline === undefined ? left : 1_000 * secondsUntil(plan.deadline, clock.now())
  // Only a runtime whose invocations a debugger may stop gives more: there the step's own time does not count.
  const allowed = left > LONGEST_MILLISECONDS ? left : seconds * 1_000
  const milliseconds = Math.max(0, Math.min(allowed, left, ofTask))
  const isTasks = plan.deadline !== undefined && milliseconds === Math.max(0, ofTask)
  const late = isTasks
    ? new OrchestratorError(
        'DeadlineExceededError',
        `step "${own.path}" did not finish before its task's deadline, ${plan.deadline}`,
      )
    : new OrchestratorError(
        'StepTimedOutError',
        `step "${own.path}" did not finish within ${milliseconds / 1_000} s`,
      )
  return { milliseconds, late }
}
