import { expressionIn } from '../expressions.ts'
import { kindOf } from '../kinds/index.ts'
import { parseExpression } from '../parse-expression.ts'
import { isEach, isFanOut, type Step, type Steps, type Workflow } from '../schema.ts'
import { bodyIn } from '../step-kinds.ts'
import { resultStepsOf } from '../step-needs.ts'
import { type Catalogue, workflowNamed } from './catalogue.ts'
import { type Inferred, inferExpression } from './infer-expression.ts'
import { itemsOf } from './infer-path.ts'
import { ERROR, STATUS, TASK, typeOfState } from './known-types.ts'
import {
  ANY,
  type Field,
  INTEGER,
  join,
  joinAll,
  listOf,
  NULL,
  once,
  STRING,
  type Type,
  typeOfValue,
  withoutNothing,
} from './type.ts'
import { typeOfSchema } from './type-of-schema.ts'

/** The variables in scope at one place of a workflow. */
export type Scope = {
  variables: ReadonlyMap<string, Type | (() => Type)>
  /** The outputs of the steps in scope, by id. */
  outputs: ReadonlyMap<string, Field>
  /** Cached results by expression. */
  inferred: Map<string, Inferred>
  /** Cached scopes of bodies. */
  bodies: Map<Step, Scope>
}

/** Data that all scopes of one check share. */
export type Surroundings = {
  catalogue: Catalogue
  /** Steps that did not parse: their output types are `any`. */
  unknown: ReadonlySet<Step>
  /** Output types of child workflows; undefined while one is being inferred. */
  children: Map<Workflow, Type | undefined>
}

/** The scope of a workflow's own steps, and of its output. */
export function scopeOfWorkflow(
  workflow: Pick<Workflow, 'input' | 'state' | 'steps'>,
  surroundings: Surroundings,
): Scope {
  const input = workflow.input === undefined ? ANY : typeOfSchema(workflow.input)
  return scopeOfSteps(workflow.steps, undefined, surroundings, [
    ['input', input],
    ['task', TASK],
    ['state', typeOfState(workflow.state)],
  ])
}

type Variables = Iterable<readonly [string, Type | (() => Type)]>

function scopeOfSteps(
  steps: Steps,
  around: Scope | undefined,
  surroundings: Surroundings,
  own: Variables,
): Scope {
  const outputs = new Map(around?.outputs)
  const variables = new Map([...(around?.variables ?? []), ...own])
  const scope: Scope = { variables, outputs, inferred: new Map(), bodies: new Map() }
  for (const [id, step] of Object.entries(steps))
    outputs.set(id, { type: outputOf(step, scope, surroundings), optional: true })
  const each = (type: Type): ReadonlyMap<string, Field> =>
    new Map([...outputs.keys()].map((id) => [id, { type, optional: true }]))
  // `rest: ANY`, because unknown steps are reported elsewhere.
  variables.set('steps', { object: { fields: outputs, rest: ANY } })
  variables.set('status', { object: { fields: each(STATUS), rest: ANY } })
  variables.set('errors', { object: { fields: each(ERROR), rest: ANY } })
  return scope
}

/** The same scope with further variables. */
export const scopeWith = (scope: Scope, own: Variables): Scope => ({
  ...scope,
  variables: new Map([...scope.variables, ...own]),
  inferred: new Map(),
})

/** The scope of the input of a fan-out's item: `$item` and `$index`. */
export const scopeOfItem = (step: Step, scope: Scope): Scope =>
  isFanOut(step) ? scopeWith(scope, itemVariables(step.forEach, scope)) : scope

/** The scope of `evaluate`: that of its item, with the output and the input of the step. */
export function scopeOfEvaluation(
  step: Step & { input?: unknown },
  scope: Scope,
  surroundings: Surroundings,
): Scope {
  const ofItem = scopeOfItem(step, scope)
  const input = (): Type => {
    const ofTask = scope.variables.get('input') ?? ANY
    if (step.input !== undefined) return orNull(typeOfTemplate(step.input, ofItem))
    return typeof ofTask === 'function' ? ofTask() : ofTask
  }
  return scopeWith(ofItem, [
    ['output', once(() => ownOutput(step, scope, surroundings))],
    ['stepInput', once(input)],
  ])
}

/**
 * The scope of the steps in a body, and of the expressions evaluated after them; undefined for a step without a body.
 */
export function scopeOfBody(step: Step, scope: Scope, surroundings: Surroundings): Scope | undefined {
  const known = scope.bodies.get(step)
  if (known) return known
  const body = bodyIn(step)
  if (!body) return undefined
  const inner: { scope?: Scope } = {}
  const previous = once(() => previousOf(body.steps, inner.scope))
  const own: Variables = isEach(step)
    ? itemVariables(step.forEach, scope)
    : [
        ['iteration', INTEGER],
        ['previous', previous],
      ]
  inner.scope = scopeOfSteps(body.steps, scope, surroundings, own)
  scope.bodies.set(step, inner.scope)
  return inner.scope
}

/** The outputs of the previous round; nothing in the first round. */
function previousOf(steps: Steps, scope: Scope | undefined): Type {
  const outputs = Object.keys(steps).map((id) => [id, scope?.outputs.get(id) ?? { type: ANY }] as const)
  return { object: { fields: new Map(outputs), rest: 'none' }, nothing: true }
}

const itemVariables = (forEach: string, scope: Scope): Variables => [
  ['item', once(() => itemsOf(typeOfTemplate(forEach, scope)))],
  ['index', INTEGER],
]

/** The type of an expression, and its complaints. */
export function inferredIn(text: string, scope: Scope): Inferred {
  const known = scope.inferred.get(text)
  if (known) return known
  const inferred = inferSafely(text, scope)
  scope.inferred.set(text, inferred)
  return inferred
}

/** A syntax error is reported elsewhere; the type is `any` then. */
function inferSafely(text: string, { variables }: Scope): Inferred {
  try {
    const tree = parseExpression(text)
    return inferExpression(tree, (name) => {
      const type = variables.get(name)
      return typeof type === 'function' ? type() : type
    })
  } catch {
    return { type: ANY, complaints: [] }
  }
}

/** The type of a value with expressions, after they are resolved at run time. */
export function typeOfTemplate(template: unknown, scope: Scope): Type {
  const text = expressionIn(template)
  if (text !== undefined) return inferredIn(text, scope).type
  if (typeof template === 'string') return template.includes('{%') ? STRING : typeOfValue(template)
  if (Array.isArray(template))
    return listOf(joinAll(template.map((one) => orNull(typeOfTemplate(one, scope)))))
  if (typeof template !== 'object' || template === null)
    return typeOfValue(template as number | boolean | null)
  const fields = Object.entries(template).map(([name, one]): [string, Field] => {
    const type = typeOfTemplate(one, scope)
    return [name, { type: withoutNothing(type), optional: Boolean(type.nothing || type.any) }]
  })
  return { object: { fields: new Map(fields), rest: 'none' } }
}

/** Nothing becomes null in a list, which has no absent members. */
const orNull = (type: Type): Type => (type.nothing ? join(withoutNothing(type), NULL) : type)

/** The output type of a step, inferred lazily; `any` while it depends on itself. */
function outputOf(step: Step, scope: Scope, surroundings: Surroundings): () => Type {
  let state: { type?: Type } | undefined
  return () => {
    if (state) return state.type ?? ANY
    state = {}
    state.type = isUnknown(step, surroundings) ? ANY : findOutput(step, scope, surroundings)
    return state.type
  }
}

/** Whether a step, or one in its body, did not parse. */
function isUnknown(step: Step, surroundings: Surroundings): boolean {
  const { unknown } = surroundings
  const inBody = () => Object.values(bodyIn(step)?.steps ?? {})
  return unknown.size > 0 && (unknown.has(step) || inBody().some((one) => isUnknown(one, surroundings)))
}

function findOutput(step: Step, scope: Scope, surroundings: Surroundings): Type {
  const each = ownOutput(step, scope, surroundings)
  const own = isFanOut(step) ? listOf(step.tolerate === undefined ? each : join(each, NULL)) : each
  const { onFailure } = step
  if (typeof onFailure !== 'object' || !('output' in onFailure)) return own
  return join(own, orNull(typeOfTemplate(onFailure.output, scopeWith(scope, [['error', ERROR]]))))
}

/** The output type of one item of a fan-out, or of a step that is none. */
function ownOutput(step: Step, scope: Scope, surroundings: Surroundings): Type {
  const { catalogue } = surroundings
  return kindOf(step).outputOf(step, {
    catalogue,
    typeOf: (template) => orNull(typeOfTemplate(template, scope)),
    typeAfterBody(template) {
      const body = bodyIn(step)
      const inner = scopeOfBody(step, scope, surroundings)
      return body && inner ? orNull(typeOfTemplate(template ?? resultOf(body.steps), inner)) : ANY
    },
    outputOfWorkflow: (name) => outputOfChild(workflowNamed(catalogue, name), surroundings),
  })
}

/** The default output: the outputs of the last steps by id. */
const resultOf = (steps: Steps): Record<string, string> =>
  Object.fromEntries(resultStepsOf({ steps }).map((id) => [id, `{% $steps.${id} %}`]))

/** The output type of a child workflow; `any` while it calls itself. */
function outputOfChild(child: Workflow | undefined, surroundings: Surroundings): Type {
  if (!child) return ANY
  const { children } = surroundings
  if (children.has(child)) return children.get(child) ?? ANY
  children.set(child, undefined)
  const scope = scopeOfWorkflow(child, surroundings)
  const type = orNull(typeOfTemplate(child.output ?? resultOf(child.steps), scope))
  children.set(child, type)
  return type
}
