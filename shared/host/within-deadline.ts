import { stepOf } from '../app/steps/plan-paths.ts'
import { OrchestratorError } from '../domain/errors.ts'
import { FIRST_EXECUTION, isOpenTask, type Task } from '../domain/task.ts'
import { platformTimer } from '../domain/timer.ts'
import { secondsUntil } from '../domain/times.ts'
import { DEFAULT_TIMEOUT_SECONDS } from '../workflow/schema.ts'
import type { HostPorts, Invocation } from './host-ports.ts'
import type { Limits, StepRun } from './step-run.ts'

/** How often the task is checked for cancellation. A step that starts at once and ends sooner causes no extra read. */
const POLL_MILLISECONDS = 1_000
/** Time reserved for recording the failure before Lambda ends the invocation. */
const MARGIN_MILLISECONDS = 1_500

/** Lambda's maximum duration of an invocation. */
const LONGEST_MILLISECONDS = 15 * 60_000

type Needs = Pick<HostPorts, 'tasks' | 'clock' | 'timer'>

/**
 * Runs `work` with a deadline, and a signal that aborts at the deadline and on cancellation. Stopping an execution does
 * not stop its running functions, so the host polls the task's status. Throws TaskCancelledError when the task was
 * cancelled before the work began.
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
  let seen: { task: Task | undefined; at: number } | undefined
  const look = async (): Promise<void> => {
    const task = await tasks.findTask(own.taskId).catch(() => undefined)
    seen = { task, at: clock.now().getTime() }
    const isOurs = task?.execution === (plan.execution ?? FIRST_EXECUTION)
    if (!task || (isOpenTask(task) && isOurs)) return
    const what = isOurs ? task.status : 'being retried'
    controller.abort(new OrchestratorError('TaskCancelledError', `task ${own.taskId} is ${what}`))
  }
  const isWatched = async (): Promise<boolean> => {
    const now = clock.now()
    if (!seen || now.getTime() - seen.at >= POLL_MILLISECONDS) await look()
    const until = seen?.task?.watchedUntil
    return until !== undefined && secondsUntil(until, now) > 0
  }
  const poll = (): void => {
    stopPolling = timer(POLL_MILLISECONDS, poll)
    void look()
  }
  const stopTimeout = timer(milliseconds, () => controller.abort(late))
  let stopPolling = timer(POLL_MILLISECONDS, poll)
  // Aborts now: with a timer of 0 ms an agent that answers at once would still succeed after the deadline.
  if (milliseconds === 0) controller.abort(late)
  try {
    const deadline = new Date(clock.now().getTime() + milliseconds)
    // The call was delayed, by a cold start or by throttling: the task may have been cancelled before the work begins.
    if (clock.now().getTime() - enteredAt > POLL_MILLISECONDS) {
      await look()
      controller.signal.throwIfAborted()
    }
    return await work({ deadline, signal: controller.signal, isWatched })
  } finally {
    stopTimeout()
    stopPolling()
  }
}

/**
 * The time left for the step, and the error for exceeding it: the minimum of the step's timeout, the invocation's and
 * the task's deadline.
 */
function timeOf({ clock }: Needs, { agent, own, plan }: StepRun, invocation: Invocation) {
  const { timeoutSeconds } = agent.manifest.limits
  const seconds = stepOf(plan, own.path).timeoutSeconds ?? Math.min(timeoutSeconds, DEFAULT_TIMEOUT_SECONDS)
  const left = invocation.remainingMs() - MARGIN_MILLISECONDS
  const ofTask = plan.deadline === undefined ? left : 1_000 * secondsUntil(plan.deadline, clock.now())
  // Only the local cloud gives more than Lambda's maximum, while a debugger may pause the code: then the step's own
  // timeout does not apply.
  const allowed = left > LONGEST_MILLISECONDS ? left : seconds * 1_000
  const milliseconds = Math.max(0, Math.min(allowed, left, ofTask))
  const whyLess =
    milliseconds < seconds * 1_000
      ? `: of the ${seconds} s of its timeoutSeconds, its function had no more left when it began (${agent.manifest.id} has limits.timeoutSeconds ${timeoutSeconds})`
      : ''
  const isTasks = plan.deadline !== undefined && milliseconds === Math.max(0, ofTask)
  const late = isTasks
    ? new OrchestratorError(
        'DeadlineExceededError',
        `step "${own.path}" did not finish before its task's deadline, ${plan.deadline}`,
      )
    : new OrchestratorError(
        'StepTimedOutError',
        `step "${own.path}" did not finish within ${milliseconds / 1_000} s${whyLess}`,
      )
  return { milliseconds, late }
}
