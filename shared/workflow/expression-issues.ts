import { type Issue, issue } from '../domain/issue.ts'
import { nearestNames, suggestNames } from '../domain/nearest-names.ts'
import { shown } from '../domain/shown.ts'
import { FUNCTIONS } from './expression-functions.ts'
import { reasonOf } from './expressions.ts'
import { referencesIn } from './references.ts'

/** `ids` are the steps that an expression may mention, `known` the variables; `dynamic`: it may read `$steps` as a whole. */
export function issuesOfExpression(
  text: string,
  path: string,
  ids: string[],
  known: string[],
  dynamic: boolean,
): Issue[] {
  // Reported elsewhere as text that contains expressions.
  if (text.includes('{%') || text.includes('%}')) return []
  let references: ReturnType<typeof referencesIn>
  try {
    references = referencesIn(text)
  } catch (error) {
    return [issue('bad-expression', path, `{% ${text} %} does not parse: ${reasonOf(error)}`)]
  }
  const issues = [...references.variables]
    .filter((name) => !known.includes(name))
    .map((name) => issue('unknown-name', path, unknownName(name, known)))
  for (const name of references.functions) {
    issues.push(issue('unknown-function', path, unknownFunction(name, known)))
  }
  for (const step of [...references.steps].filter((name) => !ids.includes(name))) {
    issues.push(
      issue('unknown-step', path, `"${step}" is not a step of this workflow${suggestNames(step, ids)}`),
    )
  }
  if (references.dynamicSteps && !dynamic) {
    const message =
      'it reads $steps, $status or $errors as a whole: name the step ($steps.x), or list what it waits for in `needs`'
    issues.push(issue('dynamic-steps', path, message))
  }
  return issues
}

export function notAnExpression(path: string, text: string): Issue {
  const name = path.slice(path.lastIndexOf('.') + 1)
  return issue('not-an-expression', path, `${name} is ${shown(text)}; a condition is written "{% ... %}"`)
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
