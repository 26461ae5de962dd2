import { stepOf } from '../../../shared/app/steps/plan-paths.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { FIRST_EXECUTION, isOpenTask } from '../../../shared/domain/task.ts'
import { secondsUntil } from '../../../shared/domain/times.ts'
import { DEFAULT_TIMEOUT_SECONDS } from '../../../shared/workflow/schema.ts'
import type { Deps } from '../../deps.ts'
import { addParts, type HostMiddleware, partsOf } from './step-run.ts'

/** A step that begins at once, and is shorter than this, costs no extra read. */
const POLL_MILLISECONDS = 1_000
/** Left to note the failure before Lambda ends the sandbox. */
const LAMBDA_MARGIN_MILLISECONDS = 1_500

type Watch = { stop(): void }

/**
 * Gives the run its deadline and a signal that aborts on it, and on cancellation: stopping an execution does not stop
 * a Lambda, so the host looks at the task while the agent works.
 */
export function watchTask({
  tasks,
  clock,
  timeoutSeconds,
}: Pick<Deps, 'tasks' | 'clock'> & { timeoutSeconds: number }): HostMiddleware {
  const watches = new WeakMap<object, Watch>()

  const stop = ({ context }: { context: object }): void => watches.get(context)?.stop()

  return {
    before: async (request) => {
      const { own, plan, enteredAt } = partsOf(request.context, 'own', 'plan', 'enteredAt')
      // Never longer than the Task waits: a Lambda that goes on after that works for nobody.
      const seconds =
        stepOf(plan, own.path).timeoutSeconds ?? Math.min(timeoutSeconds, DEFAULT_TIMEOUT_SECONDS)
      const left = request.context.getRemainingTimeInMillis() - LAMBDA_MARGIN_MILLISECONDS
      const ofTask = plan.deadline === undefined ? left : 1_000 * secondsUntil(plan.deadline, clock.now())
      const milliseconds = Math.max(0, Math.min(seconds * 1_000, left, ofTask))
      const late =
        plan.deadline !== undefined && milliseconds === Math.max(0, ofTask)
          ? new OrchestratorError(
              'DeadlineExceededError',
              `step "${own.path}" did not finish before its task's deadline, ${plan.deadline}`,
            )
          : new OrchestratorError(
              'StepTimedOutError',
              `step "${own.path}" did not finish within ${milliseconds / 1_000} s`,
            )
      const controller = new AbortController()
      const timeout = setTimeout(() => controller.abort(late), milliseconds)
      const look = async (): Promise<void> => {
        const task = await tasks.findTask(own.taskId).catch(() => undefined)
        const isOurs = task?.execution === (plan.execution ?? FIRST_EXECUTION)
        if (!task || (isOpenTask(task) && isOurs)) return
        const what = isOurs ? task.status : 'being retried'
        controller.abort(new OrchestratorError('TaskCancelledError', `task ${own.taskId} is ${what}`))
      }
      const poll = setInterval(look, POLL_MILLISECONDS)
      watches.set(request.context, {
        stop: () => {
          clearTimeout(timeout)
          clearInterval(poll)
        },
      })
      const deadline = new Date(clock.now().getTime() + milliseconds)
      addParts(request.context, { deadline, signal: controller.signal })
      // It has been on its way for a while: a cold start, or a call that was throttled. Nobody begins on what was cancelled meanwhile.
      if (clock.now().getTime() - enteredAt > POLL_MILLISECONDS) {
        await look()
        controller.signal.throwIfAborted()
      }
    },
    after: async (request) => stop(request),
    onError: async (request) => stop(request),
  }
}
