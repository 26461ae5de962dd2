import { issue } from '../domain/issue.ts'
import { isJsonObject } from '../domain/json.ts'
import { cut } from '../domain/shown.ts'
import type { IssueInText } from './issue-places.ts'
import { kindOf } from './kinds/index.ts'
import { isEach, type Step, stepSchemaFor } from './schema.ts'
import { expressionsOfStep } from './step-needs.ts'
import { describeUnclosed, splitText } from './text-parts.ts'

/** Issues of literal values that can never work. */
export function issuesOfLiterals(step: Step, path: string): IssueInText[] {
  // The `output` of an item is checked together with the steps of the body.
  const own = isEach(step) ? { ...step, output: undefined } : step
  return [
    ...issuesOfTexts(own, path),
    ...issuesOfUnevaluated(step, path),
    ...kindOf(step).issuesOf(step, path),
  ]
}

/** Issues of texts in which an expression is not closed. */
export function issuesOfTexts(value: unknown, path: string): IssueInText[] {
  if (typeof value === 'string') {
    const split = splitText(value)
    if (!('unclosed' in split)) return []
    const message = describeUnclosed(value, split.unclosed)
    return [{ ...issue('unclosed-expression', path, message), offset: split.unclosed.offset }]
  }
  if (Array.isArray(value)) return value.flatMap((one, at) => issuesOfTexts(one, `${path}[${at}]`))
  if (!isJsonObject(value)) return []
  // The steps of a body are checked separately; descriptions are free text.
  return Object.entries(value)
    .filter(([key]) => key !== 'steps' && key !== 'description')
    .flatMap(([key, one]) => issuesOfTexts(one, `${path}.${key}`))
}

/** The fields of every step whose expressions are evaluated. */
const OF_EVERY_STEP = ['when', 'onFailure.output']

/** Issues of expressions in fields that are used as they are written. */
function issuesOfUnevaluated(step: Step, path: string): IssueInText[] {
  const evaluated = [...kindOf(step).evaluated, ...OF_EVERY_STEP]
  const isEvaluated = (field: string): boolean =>
    evaluated.some((one) => field === one || field.startsWith(`${one}.`) || field.startsWith(`${one}[`))
  // Fields that such a step does not have are reported elsewhere.
  const isField = (field: string): boolean =>
    Object.hasOwn(stepSchemaFor(step).shape, /^\w*/.exec(field)?.[0] ?? '')
  return expressionsOfStep(step)
    .filter((found) => isField(found.path) && !isEvaluated(found.path))
    .map(({ path: field, text, offset }) => {
      const message = `{% ${cut(text)} %} is not evaluated here; in such a step expressions are evaluated in ${evaluated.join(', ')}`
      return { ...issue('expression-not-evaluated', `${path}.${field}`, message), offset }
    })
}
