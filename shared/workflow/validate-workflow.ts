import { isOrchestratorError } from '../domain/errors.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { describeNotJson, notJsonIn } from '../domain/not-json.ts'
import { boundedWork } from './bounded-work.ts'
import { issuesOfEvaluate } from './evaluation/issues-of-evaluate.ts'
import { issuesOfExpression, notAnExpression } from './expression-issues.ts'
import { expressionIn, expressionsIn, type FoundExpression } from './expressions.ts'
import { issuesOfCycle } from './graph.ts'
import { type IssueInText, parsedFrom, withPlaces } from './issue-places.ts'
import { issuesOfLiterals, issuesOfTexts } from './literal-issues.ts'
import { issuesOfSends } from './message-issues.ts'
import { issuesOfNever } from './never-runs.ts'
import { type Draft, parseStructure } from './parse-structure.ts'
import { parseText } from './parse-text.ts'
import { isEach, isFanOut, MAX_NESTING, type Step, type Steps, type Workflow } from './schema.ts'
import { issuesOfState } from './state-issues.ts'
import { bodyIn, hasMadeBody } from './step-kinds.ts'
import {
  expressionsOfBody,
  expressionsOfStep,
  graphOfWorkflow,
  handledBy,
  isOfEachItem,
  isOfOutput,
  isOfState,
  NAMES_OF_EVALUATION,
} from './step-needs.ts'
import { type Catalogue, NO_CATALOGUE } from './types/catalogue.ts'
import { issuesOfTypes } from './types/check-types.ts'

/** `warnings` are issues of names and types, where they are not errors. */
export type Validated =
  | { workflow: Workflow; issues: []; warnings: Issue[] }
  | { workflow?: undefined; issues: Issue[]; warnings?: undefined }

export type Validation = {
  /** The agents and workflows whose schemas names and types are checked against. */
  catalogue?: Catalogue
  /** Whether issues of names and types are warnings. */
  lenient?: boolean
}

const NAMES_INSIDE = ['item', 'index', 'iteration', 'previous', 'current', ...NAMES_OF_EVALUATION.step]
const TASK_NAMES = ['input', 'steps', 'status', 'errors', 'task', 'state']

/**
 * Parses a workflow (YAML or JSON text, or a value) and returns it, or every issue with its path: structure first, then names, expressions,
 * the graph, and types. The planner checks whether agents offer its capabilities. Issues of a text have
 * line and column.
 */
export function validateWorkflow(
  source: unknown,
  { catalogue = NO_CATALOGUE, lenient = false }: Validation = {},
): Validated {
  const parsed = typeof source === 'string' ? parseText(source) : { value: source, issues: [] }
  if (parsed.issues.length > 0) return { issues: parsed.issues }
  const unsaid = isJsonObject(parsed.value) ? notJsonIn(parsed.value) : undefined
  if (unsaid) return { issues: [issue('not-json', unsaid.path, describeNotJson(unsaid, 'the workflow'))] }
  const { workflow, draft, issues } = parseStructure(parsed.value)
  const ofTypes = draft ? typesChecked(draft, catalogue) : []
  const others = [...issues, ...(draft ? issuesOfMeaning(draft) : [])]
  const all = lenient && others.length === 0 ? others : [...others, ...ofTypes]
  if (all.length > 0 || !workflow) return { issues: withPlaces(all, source) }
  return { workflow: parsedFrom(workflow, source), issues: [], warnings: withPlaces(ofTypes, source) }
}

/**
 * The type check is skipped if it exceeds its time limit, as a hostile workflow could make it: it only helps authors,
 * and guards nothing (types/Q5).
 */
function typesChecked(draft: Draft, catalogue: Catalogue): IssueInText[] {
  const unknown = new Set(draft.left.keys())
  try {
    const check = () => issuesOfTypes(draft, catalogue, unknown)
    return boundedWork('the check of names and types', check, MOST_MILLISECONDS)
  } catch (error) {
    if (isOrchestratorError(error)) return []
    throw error
  }
}

const MOST_MILLISECONDS = 2_000

/** The ids that expressions and steps of one graph may mention: those of their graph and, in a body, of the enclosing ones. */
type Scope = {
  path: string
  own: string[]
  around: string[]
  names: string[]
  depth: number
  left: Draft['left']
}

function issuesOfMeaning({ state, steps, output, evaluate, left }: Draft): IssueInText[] {
  const ids = Object.keys(steps)
  const ofOutput = expressionsIn(output, 'output').flatMap((found) =>
    issuesOfExpression(found, ids, TASK_NAMES, true),
  )
  const ofEvaluate = expressionsIn(evaluate, 'evaluate').flatMap((found) =>
    issuesOfExpression(found, ids, [...TASK_NAMES, ...NAMES_OF_EVALUATION.workflow], true),
  )
  const mixed = issuesOfTexts(output, 'output')
  return [
    ...mixed,
    ...issuesOfSteps(steps, { path: 'steps', own: ids, around: [], names: TASK_NAMES, depth: 0, left }),
    ...issuesOfState({ state, steps, output, evaluate }),
    ...issuesOfSends(steps),
    ...ofOutput,
    ...issuesOfTexts(evaluate, 'evaluate'),
    ...issuesOfEvaluate(evaluate, 'evaluate'),
    ...ofEvaluate,
  ]
}

function issuesOfSteps(steps: Steps, scope: Scope): IssueInText[] {
  const ofEach = Object.entries(steps).flatMap(([id, step]) => {
    const path = `${scope.path}.${id}`
    const isHandler = handledBy({ steps }, id).length > 0
    const own = { ...scope, names: isHandler ? [...scope.names, 'error'] : scope.names }
    return [
      ...issuesOfNeeds(id, step, scope),
      ...issuesOfWhen(path, step),
      ...issuesOfLiterals(step, path),
      ...expressionsOfStep(step).flatMap((expression) =>
        issuesOfExpressions([expression], path, step.needs !== undefined, {
          ...own,
          names: [...own.names, ...namesOfField(expression.path, step)],
        }),
      ),
      ...issuesOfLeft(path, step, own),
      ...issuesOfBody(path, step, own),
    ]
  })
  const cycle = issuesOfCycle(graphOfWorkflow({ steps }), scope.path)
  return [...ofEach, ...(cycle.length > 0 ? cycle : issuesOfNever(steps, scope.path))]
}

/** stand-in/S3: the scope of an invalid field is unknown, so the variables of all fields are allowed. */
function issuesOfLeft(at: string, step: Step, { own, around, names, left }: Scope): IssueInText[] {
  const known = [...names, ...NAMES_INSIDE, 'error']
  return (left.get(step) ?? []).flatMap(({ ids, ...found }) =>
    issuesOfExpression({ ...found, path: `${at}.${found.path}` }, [...own, ...around, ...ids], known, true),
  )
}

/** Additional variables of one field: the item in what a fan-out evaluates for each, the output in `evaluate`, and the failure in the replacement value. */
function namesOfField(field: string, step: Step): string[] {
  if (field.startsWith('onFailure.')) return ['error']
  return [
    ...(isFanOut(step) && isOfEachItem(field) ? ['item', 'index'] : []),
    ...(isOfOutput(field) ? NAMES_OF_EVALUATION.step : []),
    ...(isOfState(field) ? ['output'] : []),
    ...(field.startsWith('state.update.') ? ['current'] : []),
  ]
}

function issuesOfBody(path: string, step: Step, outer: Scope): IssueInText[] {
  const body = bodyIn(step)
  if (!body) return []
  const { steps, variables } = body
  const around = [...outer.own, ...outer.around]
  const own = Object.keys(steps)
  const names = [...new Set([...outer.names, ...variables])]
  // A conversation has a fan-out in its loop.
  const depth = outer.depth + (hasMadeBody(step) ? 2 : 1)
  const inner = { path: `${path}.${body.path}`, own, around, names, depth, left: outer.left }
  if (inner.depth > MAX_NESTING) {
    const message = `loops and fan-outs over steps are nested ${inner.depth} deep here; the most is ${MAX_NESTING}: make the inner ones a workflow of their own`
    return [issue('too-deep', path, message)]
  }
  if (hasMadeBody(step)) return []
  const what = whatIs(inner.path)
  const twice = own
    .filter((id) => around.includes(id))
    .map((id) => issue('duplicate-step', `${inner.path}.${id}`, `there is a step "${id}" around the ${what}`))
  return [
    ...twice,
    ...('repeat' in step && expressionIn(step.repeat.until) === undefined
      ? [notAnExpression(`${path}.repeat.until`, step.repeat.until)]
      : []),
    ...(isEach(step) ? issuesOfTexts(step.output, `${path}.output`) : []),
    ...issuesOfExpressions(expressionsOfBody(step), path, true, inner),
    ...issuesOfSteps(steps, inner),
  ]
}

/** What a message calls the graph at a path. */
const whatIs = (path: string): string =>
  path === 'steps' ? 'workflow' : path.endsWith('.repeat.steps') ? 'loop' : 'fan-out'

function issuesOfExpressions(
  expressions: readonly FoundExpression[],
  at: string,
  dynamic: boolean,
  { own, around, names }: Scope,
): IssueInText[] {
  return expressions.flatMap((found) =>
    issuesOfExpression({ ...found, path: `${at}.${found.path}` }, [...own, ...around], names, dynamic),
  )
}

function issuesOfNeeds(id: string, step: Step, { path, own, around }: Scope): Issue[] {
  const where = whatIs(path)
  const unknown = (need: string): string =>
    around.includes(need)
      ? `which is outside the ${where}: the ${where} can wait for it`
      : `which is not in this ${where}${suggestNames(need, own)}`
  const ofNeeds = (step.needs ?? []).flatMap((need, at) =>
    own.includes(need)
      ? []
      : issue('unknown-step', `${path}.${id}.needs[${at}]`, `step "${id}" needs "${need}", ${unknown(need)}`),
  )
  const { onFailure } = step
  if (typeof onFailure !== 'object' || !('step' in onFailure) || own.includes(onFailure.step)) return ofNeeds
  const message = `step "${id}" is handled by "${onFailure.step}", ${unknown(onFailure.step)}`
  return [...ofNeeds, issue('unknown-step', `${path}.${id}.onFailure.step`, message)]
}

function issuesOfWhen(path: string, { when }: Step): Issue[] {
  return when === undefined || expressionIn(when) !== undefined ? [] : [notAnExpression(`${path}.when`, when)]
}
