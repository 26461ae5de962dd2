import { type Issue, issue } from '../../domain/issue.ts'
import { shown } from '../../domain/shown.ts'
import { writtenFor } from '../expression-issues.ts'
import { expressionIn } from '../expressions.ts'
import { type FanOutKind, isFanOut, type StepOf } from '../schema.ts'

const MAX_SHARE = 100

/** Issues of fields about items, including fields without a list. */
export function issuesOfItems(step: StepOf<FanOutKind>, path: string): Issue[] {
  if (!isFanOut(step)) {
    return (['maxItems', 'maxConcurrency', 'tolerate'] as const)
      .filter((field) => step[field] !== undefined)
      .map((field) =>
        issue(
          'without-for-each',
          `${path}.${field}`,
          `${field} is ${shown(step[field])}; it says nothing without forEach`,
        ),
      )
  }
  const issues: Issue[] = []
  if (expressionIn(step.forEach) === undefined) {
    const message = `forEach is ${shown(step.forEach)}; a list to go through is written ${writtenFor(step.forEach)}`
    issues.push(issue('not-an-expression', `${path}.forEach`, message))
  }
  if (typeof step.tolerate === 'string' && Number.parseInt(step.tolerate, 10) > MAX_SHARE) {
    issues.push(
      issue(
        'invalid-value',
        `${path}.tolerate`,
        `tolerate is ${shown(step.tolerate)}, more than all of them; it must be at most 100%`,
      ),
    )
  }
  return issues
}
