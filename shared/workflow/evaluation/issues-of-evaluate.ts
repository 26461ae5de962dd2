import { issue } from '../../domain/issue.ts'
import { shown } from '../../domain/shown.ts'
import { expressionIn } from '../expressions.ts'
import type { IssueInText } from '../issue-places.ts'
import { issuesOfJsonSchema } from '../json-schema-issues.ts'
import { schemaOfJson } from '../schema-of-json.ts'
import type { StepEvaluate } from './evaluate-schema.ts'

/** Issues of literal values in `evaluate`; its expressions are checked in their scope, with all others. */
export function issuesOfEvaluate(evaluate: StepEvaluate | undefined, path: string): IssueInText[] {
  if (!evaluate) return []
  const { rules = {}, schema, citations, judge } = evaluate
  if (Object.keys(rules).length === 0 && !schema && !citations && !judge) {
    const message = `evaluate is ${shown(evaluate)}, which checks nothing; it has at least one of rules, schema, citations and, in a step, judge`
    return [issue('invalid-value', path, message)]
  }
  const written = [
    ...Object.entries(rules).map(([name, text]) => [`rules.${name}`, `the rule "${name}"`, text] as const),
    ...Object.entries(citations ?? {}).map(([name, text]) => [`citations.${name}`, name, text] as const),
  ]
  const noExpressions = written
    .filter(([, , text]) => expressionIn(text) === undefined)
    .map(([field, what, text]) =>
      issue('not-an-expression', `${path}.${field}`, `${what} is ${shown(text)}; it is written "{% ... %}"`),
    )
  return [...noExpressions, ...(schema ? issuesOfJsonSchema(schema, `${path}.schema`, schemaOfJson) : [])]
}
