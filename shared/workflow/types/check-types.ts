import { parsePath } from '../../domain/instance-path.ts'
import { type Issue, issue } from '../../domain/issue.ts'
import { expressionIn, expressionsIn, type FoundExpression } from '../expressions.ts'
import type { IssueInText } from '../issue-places.ts'
import { kindOf } from '../kinds/index.ts'
import { everyStep } from '../places.ts'
import { isAgentStep, isFanOut, type Step, type Steps, type Workflow } from '../schema.ts'
import { bodyIn, hasMadeBody } from '../step-kinds.ts'
import {
  expressionsOfBody,
  expressionsOfStep,
  handledBy,
  isOfEachItem,
  isOfOutput,
  isOfState,
} from '../step-needs.ts'
import type { Catalogue } from './catalogue.ts'
import { describeType, namesOf } from './describe-type.ts'
import { issuesOfInput } from './issues-of-input.ts'
import { ERROR } from './known-types.ts'
import { type KnownNames, lookalikesIn } from './looks-like-expression.ts'
import { type Misfit, misfitsOf } from './misfits.ts'
import {
  inferredIn,
  type Scope,
  type Surroundings,
  scopeOfBody,
  scopeOfEvaluation,
  scopeOfItem,
  scopeOfWorkflow,
  scopeWith,
} from './scopes.ts'
import { issuesOfStateWritten, scopeOfState } from './state-types.ts'
import { ANY, BOOLEAN, isEmpty, join, NUMBER, once, type Type } from './type.ts'
import { typeOfSchema } from './type-of-schema.ts'

type Checked = Pick<Workflow, 'input' | 'state' | 'steps' | 'output'>

/** Data that all checks of one workflow share. */
type Check = Surroundings & {
  input: Type
  state: Workflow['state']
  /** Names that make a placeholder look like an expression. */
  known: KnownNames
}

/**
 * Issues of names and types in a workflow: in its expressions, and in the values that they pass to capabilities, child
 * workflows, conditions and lists. Steps in `unknown` did not parse, and are not checked. Agents and workflows that the
 * catalogue lacks cause no issues (types/Q3).
 */
export function issuesOfTypes(
  { input, state, steps, output }: Checked,
  catalogue: Catalogue,
  unknown: ReadonlySet<Step> = new Set(),
): IssueInText[] {
  const surroundings: Surroundings = { catalogue, unknown, children: new Map() }
  const scope = scopeOfWorkflow({ input, state, steps }, surroundings)
  const ofInput = input === undefined ? ANY : typeOfSchema(input)
  const ids = everyStep(steps).map(({ place }) => parsePath(place).stepId)
  const known = { inputs: new Set(namesOf(ofInput)), steps: new Set(ids) }
  const check: Check = { ...surroundings, input: ofInput, state, known }
  return [
    ...issuesOfSteps(steps, 'steps', scope, check),
    ...expressionsIn(output, 'output').flatMap((one) => complaintsAt(one, scope)),
    ...lookalikesIn(output, 'output', known),
  ]
}

function issuesOfSteps(steps: Steps, path: string, scope: Scope, check: Check): IssueInText[] {
  return Object.entries(steps).flatMap(([id, step]) => {
    if (check.unknown.has(step)) return issuesOfBody(step, `${path}.${id}`, scope, check)
    const own = handledBy({ steps }, id).length > 0 ? scopeWith(scope, [['error', ERROR]]) : scope
    const at = `${path}.${id}`
    return [
      ...issuesOfExpressions(step, at, own, check),
      ...issuesOfFields(step, at, own, check),
      ...issuesOfBody(step, at, scope, check),
      ...lookalikesOf(step, at, check),
    ]
  })
}

/** Unknown names and wrong operands in the expressions of a step. */
function issuesOfExpressions(step: Step, at: string, scope: Scope, check: Check): IssueInText[] {
  const ofItem = scopeOfItem(step, scope)
  const ofOutput = once(() => scopeOfEvaluation(step, scope, check))
  const ofFailure = scopeWith(scope, [['error', ERROR]])
  return expressionsOfStep(step).flatMap((found) => {
    const { path } = found
    const own = isOfState(path)
      ? scopeOfState(path, ofOutput(), check.state)
      : isOfOutput(path)
        ? ofOutput()
        : isOfEachItem(path)
          ? ofItem
          : path.startsWith('onFailure.')
            ? ofFailure
            : scope
    return complaintsAt({ ...found, path: `${at}.${path}` }, own)
  })
}

const complaintsAt = ({ path, text, offset }: FoundExpression, scope: Scope): IssueInText[] =>
  inferredIn(text, scope).complaints.map(({ code, message, at = 0 }) => ({
    ...issue(code, path, message),
    offset: offset + at,
  }))

/** Values of the wrong type in the fields of a step. */
function issuesOfFields(step: Step, at: string, scope: Scope, check: Check): Issue[] {
  const own = kindOf(step)
    .typedIn(step)
    .flatMap(({ field, value, wanted, right }) =>
      issuesOfValue(value, wanted, `${at}.${field}`, scopeOfItem(step, scope), right),
    )
  const ofList = isFanOut(step) ? issuesOfList(step.forEach, `${at}.forEach`, scope) : []
  return [
    ...issuesOfValue(step.when, BOOLEAN, `${at}.when`, scope, CONDITION),
    ...ofList,
    ...own,
    ...issuesOfTaken(step, at, scope, check),
    ...issuesOfRules(step, at, scope, check),
    ...issuesOfStateWritten(step, at, scopeOfEvaluation(step, scope, check), check.state),
  ]
}

const CONDITION = 'a condition is true or false, such as {% $exists(...) %} or {% $count(...) > 0 %}'

/** An issue if an expression can never return one of the wanted kinds; literal values are checked elsewhere. */
function issuesOfValue(value: unknown, wanted: Type, path: string, scope: Scope, right: string): Issue[] {
  const text = expressionIn(value)
  if (text === undefined) return []
  const { type } = inferredIn(text, scope)
  const kinds = Object.keys(wanted) as (keyof Type)[]
  const mayBe = (kind: keyof Type): boolean =>
    type[kind] !== undefined && (kind !== 'string' || haveCommonText(type, wanted))
  if (type.any || isEmpty(type) || kinds.some(mayBe)) return []
  return [issue('wrong-type', path, `${nameIn(path)} is ${describeType(type)}; ${right}`)]
}

const RULE = 'a rule is true, false, or a number from 0 to 1'
const LIST = 'it is a list'

/** Rules that can never be a score, and quotations and passages that can never be a list. */
function issuesOfRules(step: Step, at: string, scope: Scope, check: Check): Issue[] {
  if (!isAgentStep(step) || !step.evaluate) return []
  const { rules = {}, citations = {} } = step.evaluate
  const own = scopeOfEvaluation(step, scope, check)
  const ofRules = Object.entries(rules).flatMap(([name, text]) =>
    issuesOfValue(text, join(BOOLEAN, NUMBER), `${at}.evaluate.rules.${name}`, own, RULE),
  )
  const ofLists = Object.entries(citations).flatMap(([name, text]) =>
    issuesOfValue(text, { array: ANY }, `${at}.evaluate.citations.${name}`, own, LIST),
  )
  return [...ofRules, ...ofLists]
}
/** Whether two types of text have a text in common; a type without a list of texts has all. */
const haveCommonText = ({ string: one }: Type, { string: other }: Type): boolean =>
  !(one instanceof Set && other instanceof Set) || !one.isDisjointFrom(other)

const nameIn = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

function issuesOfList(forEach: string, path: string, scope: Scope): Issue[] {
  const right = 'it goes through a list; a list of one is written {% [...] %}'
  return issuesOfValue(forEach, { array: ANY }, path, scope, right)
}

/** Issues of the input that a step passes to its agent or child workflow; none if it fits one of the candidates. */
function issuesOfTaken(step: Step, at: string, scope: Scope, check: Check): Issue[] {
  const judged = kindOf(step)
    .inputsOf(step, check.catalogue)
    .map(({ type, what }) => issuesOfGiven(step, type, { at, scope, check, what }))
  return judged.some((issues) => issues.length === 0) ? [] : (judged[0] ?? [])
}

type Giving = { at: string; scope: Scope; check: Check; what: string }

/** A step without `input` gets the task's input. */
function issuesOfGiven(
  step: Step & { input?: unknown },
  wanted: Type,
  { at, scope, check, what }: Giving,
): Issue[] {
  if (step.input !== undefined)
    return issuesOfInput(step.input, wanted, { path: `${at}.input`, what, scope: scopeOfItem(step, scope) })
  const told = ({ code, at: part, message }: Misfit): Issue => {
    const where = part.length > 0 ? `${part.join('.')}: ` : ''
    return issue(code, at, `it has no input, so it gets the input of the task: ${where}${message} (${what})`)
  }
  return misfitsOf(check.input, wanted).map(told)
}

/** Issues of the steps of a body, and of the expressions that are evaluated after them. */
function issuesOfBody(step: Step, at: string, scope: Scope, check: Check): IssueInText[] {
  if (hasMadeBody(step)) return []
  const body = bodyIn(step)
  const inner = scopeOfBody(step, scope, check)
  if (!body || !inner) return []
  const ofSteps = issuesOfSteps(body.steps, `${at}.${body.path}`, inner, check)
  if (check.unknown.has(step)) return ofSteps
  const after = expressionsOfBody(step).flatMap((found) =>
    complaintsAt({ ...found, path: `${at}.${found.path}` }, inner),
  )
  const until =
    'repeat' in step ? issuesOfValue(step.repeat.until, BOOLEAN, `${at}.repeat.until`, inner, CONDITION) : []
  return [...ofSteps, ...after, ...until]
}

/** Texts that look like expressions but lack `{% %}`, in the fields that take values. */
function lookalikesOf(step: Step, at: string, { known }: Check): Issue[] {
  const own = kindOf(step).valuesOf(step)
  const { onFailure } = step
  const ofFailure =
    typeof onFailure === 'object' && 'output' in onFailure ? { 'onFailure.output': onFailure.output } : {}
  return Object.entries({ ...own, ...ofFailure }).flatMap(([field, value]) =>
    lookalikesIn(value, `${at}.${field}`, known),
  )
}
