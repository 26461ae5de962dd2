import { type Issue, issue } from '../domain/issue.ts'
import { nearestNames, suggestNames } from '../domain/nearest-names.ts'
import { cut, shown } from '../domain/shown.ts'
import { FUNCTIONS } from './expression-functions.ts'
import { type FoundExpression, reasonOf } from './expressions.ts'
import type { IssueInText } from './issue-places.ts'
import { referencesIn } from './references.ts'
import { expressionMeant } from './types/looks-like-expression.ts'

/** `ids` are the steps that an expression may mention, `known` the variables; `dynamic`: it may read `$steps` as a whole. */
export function issuesOfExpression(
  { text, path, offset }: FoundExpression,
  ids: string[],
  known: string[],
  dynamic: boolean,
): IssueInText[] {
  const at = (found: Issue, index: number): IssueInText => ({ ...found, offset: offset + Math.max(0, index) })
  let references: ReturnType<typeof referencesIn>
  try {
    references = referencesIn(text)
  } catch (error) {
    return [
      at(
        issue('bad-expression', path, `{% ${text} %} does not parse: ${reasonOf(error)}`),
        positionOf(error),
      ),
    ]
  }
  const issues = [...references.variables]
    .filter((name) => !known.includes(name))
    .map((name) => at(issue('unknown-name', path, unknownName(name, known)), indexOfName(text, `$${name}`)))
  for (const name of references.functions) {
    issues.push(
      at(issue('unknown-function', path, unknownFunction(name, known)), indexOfName(text, `$${name}`)),
    )
  }
  for (const step of [...references.steps].filter((name) => !ids.includes(name))) {
    const message = `"${step}" is not a step of this workflow${suggestNames(step, ids)}`
    issues.push(at(issue('unknown-step', path, message), indexOfName(text, step, text.search(STEP_MAPS))))
  }
  if (references.dynamicSteps && !dynamic) {
    const message =
      'it reads $steps, $status or $errors as a whole: name the step ($steps.x), or list what it waits for in `needs`'
    issues.push(at(issue('dynamic-steps', path, message), text.search(STEP_MAPS)))
  }
  return issues
}

const STEP_MAPS = /\$(steps|status|errors)\b/

/** The index of a name that is not part of a longer one; -1 when it is written in another way. */
function indexOfName(text: string, name: string, from = 0): number {
  for (let at = text.indexOf(name, Math.max(0, from)); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!/\w/.test(text[at + name.length] ?? '') && !/[\w$]/.test(text[at - 1] ?? '')) return at
  }
  return -1
}

/** The index at which JSONata's parser stopped: it tells the end of the token that it did not expect. */
function positionOf(error: unknown): number {
  const { position, token } = error as { position?: unknown; token?: unknown }
  if (typeof position !== 'number') return 0
  return position - (typeof token === 'string' && token !== '(end)' ? token.length : 0)
}

/** `"{% $input.x %}"`: how a text that is no expression is written as one. */
export function writtenFor(text: string): string {
  const meant = expressionMeant(text)
  return meant === undefined || cut(meant) !== meant ? '"{% ... %}"' : `"{% ${meant} %}"`
}

export function notAnExpression(path: string, text: string): Issue {
  const name = path.slice(path.lastIndexOf('.') + 1)
  return issue(
    'not-an-expression',
    path,
    `${name} is ${shown(text)}; a condition is written ${writtenFor(text)}`,
  )
}

function unknownName(name: string, known: readonly string[]): string {
  if (name === 'error')
    return '$error is known in a handler, which another step names in onFailure: {step}, and in onFailure: {output}; elsewhere $errors.x is the error of step "x"'
  if (name === 'item' || name === 'index')
    return `$${name} is known in the input of a step with forEach, and in the steps inside one`
  const near = nearestNames(name, known).length === 0 ? nearestNames(name, FUNCTIONS) : []
  if (near.length > 0)
    return `$${name} is not known here; did you mean ${near.map((one) => `"$${one}"`).join(' or ')}?`
  return `$${name} is not known here${suggestNames(name, known, '$')}`
}

/** The message for an unknown function; `known` are the variables. */
function unknownFunction(name: string, known: readonly string[]): string {
  if (name === 'eval')
    return '$eval is refused: an expression is what is written down, no text from elsewhere'
  if (known.includes(name)) return `$${name} is a value, no function: it is written without brackets`
  const near = nearestNames(name, FUNCTIONS)
  if (near.length > 0)
    return `$${name} is no function; did you mean ${near.map((one) => `"$${one}"`).join(' or ')}?`
  return `$${name} is no function; there are those of JSONata (https://docs.jsonata.org) and $parse, $uuid, $hash, $range, $partition`
}
