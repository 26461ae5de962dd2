import { stepOf } from '../../../shared/app/plan-paths.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { FIRST_EXECUTION, isOpenTask } from '../../../shared/domain/task.ts'
import { secondsUntil } from '../../../shared/domain/times.ts'
import { DEFAULT_TIMEOUT_SECONDS } from '../../../shared/workflow/schema.ts'
import type { Deps } from '../../deps.ts'
import { addParts, type HostMiddleware, partsOf } from './step-run.ts'

/** A step shorter than this costs no extra read. */
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
      const { own, plan } = partsOf(request.context, 'own', 'plan')
      // Never longer than the Task waits: a Lambda that goes on after that works for nobody.
      const seconds =
        stepOf(plan, own.path).timeoutSeconds ?? Math.min(timeoutSeconds, DEFAULT_TIMEOUT_SECONDS)
      const left = request.context.getRemainingTimeInMillis() - LAMBDA_MARGIN_MILLISECONDS
      const ofTask = plan.deadline === undefined ? left : 1_000 * secondsUntil(plan.deadline, clock.now())
      const milliseconds = Math.max(0, Math.min(seconds * 1_000, left, ofTask))
      const why =
        milliseconds === Math.max(0, ofTask)
          ? `did not finish before its task's deadline, ${plan.deadline}`
          : `did not finish within ${milliseconds / 1_000} s`
      const controller = new AbortController()
      const timeout = setTimeout(() => {
        controller.abort(new OrchestratorError('StepTimedOutError', `step "${own.path}" ${why}`))
      }, milliseconds)
      const poll = setInterval(async () => {
        const task = await tasks.findTask(own.taskId).catch(() => undefined)
        const isOurs = task?.execution === (plan.execution ?? FIRST_EXECUTION)
        if (!task || (isOpenTask(task) && isOurs)) return
        const what = isOurs ? task.status : 'being retried'
        controller.abort(new OrchestratorError('TaskCancelledError', `task ${own.taskId} is ${what}`))
      }, POLL_MILLISECONDS)
      watches.set(request.context, {
        stop: () => {
          clearTimeout(timeout)
          clearInterval(poll)
        },
      })
      const deadline = new Date(clock.now().getTime() + milliseconds)
      addParts(request.context, { deadline, signal: controller.signal })
    },
    after: async (request) => stop(request),
    onError: async (request) => stop(request),
  }
}
