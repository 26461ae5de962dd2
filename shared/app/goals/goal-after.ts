import { OrchestratorError } from '../../domain/errors.ts'
import type { Goal } from '../../planner/planner-prompt.ts'
import { type DoneBefore, doneBefore } from './done-before.ts'
import type { GoalAsked, GoalPorts } from './goal-asked.ts'

/** Failures after which another plan would fail as well, or must not run. */
const NOT_PLANNED_ANEW = [
  'BudgetExceededError',
  'DeadlineExceededError',
  'TaskCancelledError',
  'ChildCancelledError',
  'ConfigError',
  'BugError',
]

/**
 * The goal for what is left of a plan that has failed: what it has done is in the input as `done`, by step, and how it failed is a document
 * (goals/G5). Throws PlanningFailedError where planning anew makes no sense.
 */
export async function goalAfter(
  ports: GoalPorts,
  taskId: string,
  goal: Goal,
  failed: NonNullable<GoalAsked['failed']>,
): Promise<Goal> {
  const { step, name, message } = failed
  if (NOT_PLANNED_ANEW.includes(name))
    throw new OrchestratorError('PlanningFailedError', `it is not planned anew after ${name}: ${message}`)
  const done = await doneBefore(ports, taskId, step)
  if (!done) throw new OrchestratorError('PlanningFailedError', `the plan has not begun: ${message}`)
  const ids = Object.keys(done.outputs)
  const member = freeName(goal.input ?? {})
  const named = ids.join(', ').slice(0, MOST_NAMES)
  const known = ids.length > 0 ? `What it has finished is in the input as ${member}: ${named}. ` : ''
  const text = `${goal.text.trim()}\n\nAn earlier plan for this has failed; the document "earlier plan" says how. ${known}Plan only what is left, in another way than the one that failed.`
  return {
    ...goal,
    text,
    input: { ...goal.input, ...(ids.length > 0 ? { [member]: done.outputs } : {}) },
    documents: [{ name: 'earlier plan', text: describe(done, message) }, ...(goal.documents ?? [])],
  }
}

/** A member of the user's own keeps its name: what it is replaced by would be taken for given (given-values.ts). */
function freeName(input: object): string {
  let name = 'done'
  while (Object.hasOwn(input, name)) name += 'Before'
  return name
}

const MOST_MESSAGE = 300
/** Characters of the names of finished steps in the words of the goal. */
const MOST_NAMES = 1_000

function describe({ workflow, outputs, tooLarge, failed }: DoneBefore, message: string): string {
  const steps = Object.entries(workflow.steps).map(([id, step]) => {
    const what = 'capability' in step ? step.capability : 'workflow' in step ? step.workflow : ''
    const failure = failed.find((one) => one.id === id)
    const became = failure
      ? `failed: ${failure.message.slice(0, MOST_MESSAGE)}`
      : tooLarge.includes(id)
        ? 'done, and its output is too large to be kept'
        : Object.hasOwn(outputs, id)
          ? 'done'
          : 'not done'
    return `${id} (${what}): ${became}`
  })
  return [`It failed with: ${message.slice(0, MOST_MESSAGE)}`, ...steps].join('\n')
}
