import { OF_SCOPE, SCOPES } from '../../domain/caller.ts'
import { type Issue, issue } from '../../domain/issue.ts'
import { suggestNames } from '../../domain/nearest-names.ts'
import { shown } from '../../domain/shown.ts'
import { issuesOfJsonSchema } from '../json-schema-issues.ts'
import { DEFAULT_CHOICES, type StepOf } from '../schema.ts'
import { schemaOfJson } from '../schema-of-json.ts'
import { ANY, BOOLEAN, objectOf, oneOf, STRING } from '../types/type.ts'
import type { KindOfStep } from './kind-of-step.ts'

/** Limits of the choices of an approval, from the API's requests and the event's size. */
const [MOST_CHOICES, MOST_CHOICE_CHARACTERS] = [50, 200]

export const approval: KindOfStep<'approval'> = {
  word: 'approval',
  title: 'A person answers',
  description:
    'It waits until somebody answers (`orchestrator approve`, or the API). Its output is `{decision, by, at, comment}`, and with `value` also `{value, edited}`.',
  evaluated: ['approval.prompt', 'approval.value'],
  valuesOf: ({ approval: { prompt, value } }) => ({
    'approval.prompt': prompt,
    ...(value === undefined ? {} : { 'approval.value': value }),
  }),
  typedIn: () => [],
  inputsOf: () => [],
  outputOf: ({ approval: { choices = DEFAULT_CHOICES, onTimeout, value, edit } }, typing) =>
    objectOf({
      decision: oneOf([...choices, ...(onTimeout === undefined ? [] : [onTimeout])]),
      by: STRING,
      at: STRING,
      comment: { type: STRING, optional: true },
      ...(value === undefined
        ? {}
        : { value: edit === undefined ? typing.typeOf(value) : ANY, edited: BOOLEAN }),
    }),
  issuesOf: (step, path) => issuesOfApproval(step.approval, `${path}.approval`),
}

function issuesOfApproval(
  { choices, approvers, onTimeout, value, edit }: StepOf<'approval'>['approval'],
  path: string,
): Issue[] {
  const issues: Issue[] = []
  if (choices && (choices.length === 0 || new Set(choices).size < choices.length)) {
    const message = `choices is ${shown(choices)}; give at least one choice, and each once`
    issues.push(issue('invalid-value', `${path}.choices`, message))
  }
  const unfit = choices?.find((choice) => choice === '' || choice.length > MOST_CHOICE_CHARACTERS)
  if (unfit !== undefined || (choices && choices.length > MOST_CHOICES)) {
    const message = `choices is ${shown(choices)}; an answer names one of at most ${MOST_CHOICES}, each of 1 to ${MOST_CHOICE_CHARACTERS} characters`
    issues.push(issue('invalid-value', `${path}.choices`, message))
  }
  issues.push(...issuesOfApprovers(approvers, path))
  if (edit !== undefined && value === undefined) {
    const message = `edit is ${shown(edit)}, and there is nothing that it lets an answer change; give value, what is decided on`
    issues.push(issue('invalid-value', `${path}.edit`, message))
  }
  if (edit !== undefined) issues.push(...issuesOfJsonSchema(edit, `${path}.edit`, schemaOfJson))
  const known = choices ?? DEFAULT_CHOICES
  if (onTimeout !== undefined && !known.includes(onTimeout)) {
    const message = `onTimeout is ${shown(onTimeout)}, which is none of the choices${suggestNames(onTimeout, known)}`
    issues.push(issue('invalid-value', `${path}.onTimeout`, message))
  }
  return issues
}

/** Issues of names that mean a scope; what else names somebody is known to his issuer alone. */
export const issuesOfApprovers = (approvers: readonly string[] = [], path: string): Issue[] =>
  approvers.flatMap((name) => {
    const scope = name.slice(OF_SCOPE.length)
    if (!name.startsWith(OF_SCOPE) || SCOPES.some((one) => one === scope)) return []
    const message = `approvers has ${shown(name)}, which is no scope${suggestNames(scope, SCOPES)}`
    return [issue('invalid-value', `${path}.approvers`, message)]
  })
