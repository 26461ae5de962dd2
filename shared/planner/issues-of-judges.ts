import { type Issue, issue } from '../domain/issue.ts'
import { JUDGE } from '../workflow/evaluation/check-judgement.ts'
import { everyStep, pathOfPlace } from '../workflow/places.ts'
import { isAgentStep, type Workflow } from '../workflow/schema.ts'
import { type Offering, offers } from './issues-of-fallbacks.ts'

/** An issue for each step whose output nobody known could judge. No error: another agent may be registered by then, and what becomes of the step is told. */
export function issuesOfJudges(
  { steps }: Pick<Workflow, 'steps'>,
  agents: readonly Offering[],
): { place: string; issue: Issue }[] {
  if (agents.some((agent) => offers(agent, JUDGE))) return []
  return everyStep(steps).flatMap(({ place, step }) => {
    const { judge, atLeast } = (isAgentStep(step) ? step.evaluate : undefined) ?? {}
    if (!judge) return []
    const then =
      atLeast === undefined
        ? 'its output stays unjudged'
        : `the step fails, because evaluate.atLeast is ${atLeast}`
    const message = `no agent offers "${JUDGE}", which judges the output of step "${place}": ${then}`
    return [
      { place, issue: issue('unknown-capability', `${pathOfPlace(steps, place)}.evaluate.judge`, message) },
    ]
  })
}
