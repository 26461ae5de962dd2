import type { SubmitTask } from '../../contracts/requests.ts'
import { boundedText } from '../../domain/bounded.ts'
import type { Json } from '../../domain/json.ts'
import { withoutUndefined } from '../../domain/without-undefined.ts'

/** The workflow that plans a goal and runs the plan; data, in workflows/goal.yaml. */
export const GOAL_WORKFLOW = 'goal'

/** How much of a goal a task shows. */
const MOST_SHOWN = 300

/** The request for the workflow that serves a goal; one without a goal as it is. */
export function requestForGoal(request: SubmitTask): SubmitTask {
  const { goal, files, review, reviewAboveUsd, input, ...others } = request
  if (goal === undefined) return request
  const asked = withoutUndefined({ goal, input, files, review, reviewAboveUsd }) as Json
  return { ...others, goal: boundedText(goal.trim(), MOST_SHOWN), workflow: GOAL_WORKFLOW, input: asked }
}
