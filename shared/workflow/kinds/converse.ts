import { type Issue, issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { issuesOfJsonSchema } from '../json-schema-issues.ts'
import type { StepOf } from '../schema.ts'
import { schemaOfJson } from '../schema-of-json.ts'
import { listOf, NUMBER, objectOf, oneOf, STRING } from '../types/type.ts'
import { typeOfSchema } from '../types/type-of-schema.ts'
import { issuesOfApprovers } from './approval.ts'
import type { KindOfStep } from './kind-of-step.ts'

export const converse: KindOfStep<'converse'> = {
  word: 'conversation',
  title: 'A model that calls agents',
  description:
    'A model is given capabilities as tools, and works with them until it answers. Each round is a step `turn` and a fan-out `calls`, whose items run side by side; a call that fails is told to the model. Its output is `{text, answer, cut, turns, calls}`.',
  evaluated: ['converse.system', 'converse.input'],
  valuesOf: ({ converse: { input } }) => ({ 'converse.input': input }),
  typedIn: () => [],
  inputsOf: () => [],
  outputOf: ({ converse: { answer } }) =>
    objectOf({
      text: STRING,
      ...(answer === undefined ? {} : { answer: { type: typeOfSchema(answer), optional: true } }),
      cut: { type: oneOf(['length', 'filtered', 'tools']), optional: true },
      turns: NUMBER,
      calls: listOf(
        objectOf({ turn: NUMBER, capability: STRING, status: oneOf(['succeeded', 'failed', 'refused']) }),
      ),
    }),
  issuesOf: ({ converse }, path) => issuesOfConversation(converse, `${path}.converse`),
}

function issuesOfConversation(
  {
    input,
    capabilities,
    approve,
    approvers,
    notBy,
    approvalTimeoutSeconds,
    answer,
  }: StepOf<'converse'>['converse'],
  path: string,
): Issue[] {
  const issues: Issue[] = []
  if (input === undefined) {
    const message = 'is required; it says what the model is given to do: a text, or a value'
    issues.push(issue('missing-field', `${path}.input`, message))
  }
  for (const [at, name] of (approve ?? []).entries()) {
    if (capabilities.includes(name)) continue
    const message = `"${name}" is none of the capabilities of the conversation${suggestNames(name, capabilities)}`
    issues.push(issue('invalid-value', `${path}.approve[${at}]`, message))
  }
  const ofApproval = Object.entries({ approvers, notBy, approvalTimeoutSeconds })
  for (const [field, value] of ofApproval) {
    if (value === undefined || approve !== undefined) continue
    const message = `${field} says nothing without approve, the capabilities whose calls wait for a person`
    issues.push(issue('invalid-value', `${path}.${field}`, message))
  }
  issues.push(...issuesOfApprovers(approvers, path))
  return answer === undefined
    ? issues
    : [...issues, ...issuesOfJsonSchema(answer, `${path}.answer`, schemaOfJson)]
}
