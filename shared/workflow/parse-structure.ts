import type * as z from 'zod'
import { type Issue, issue } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import { isJsonObject } from '../domain/json.ts'
import { nearestNames } from '../domain/nearest-names.ts'
import { suggestField } from '../domain/peer-names.ts'
import { shown } from '../domain/shown.ts'
import { issuesOfJsonSchema } from './json-schema-issues.ts'
import { everyStep } from './places.ts'
import {
  MARKED_KINDS,
  MAX_STEPS,
  type Step,
  StepIdSchema,
  stepKind,
  stepSchemaFor,
  type Workflow,
  WorkflowHeadSchema,
} from './schema.ts'
import { type LeftExpression, standInOf } from './stand-in.ts'
import { bodyIn } from './step-kinds.ts'

/** A partially parsed workflow: {@link standInOf} for each step that does not parse. */
export type Draft = {
  /** Undefined where it is none, or has issues. */
  input: Workflow['input']
  /** Undefined where it is none, or has issues. */
  state: Workflow['state']
  steps: Record<string, Step>
  output: unknown
  /** Undefined where it is none, or has issues. */
  evaluate: Workflow['evaluate']
  /** Expressions in invalid fields, by the stand-in for their step. */
  left: ReadonlyMap<Step, readonly LeftExpression[]>
}

/** The workflow if there are no issues; otherwise also a draft, whose expressions and names are checked as well. */
export function parseStructure(value: unknown): { workflow?: Workflow; draft?: Draft; issues: Issue[] } {
  if (!isJsonObject(value)) {
    const message = `the workflow is ${shown(value)}; it must be an object {name, steps, ...}`
    return { issues: [issue('invalid-value', '', message)] }
  }
  const { steps, ...rest } = withoutExtensions(value)
  const head = WorkflowHeadSchema.safeParse(rest)
  const issues = head.success
    ? []
    : issuesOfZod(head.error, { schema: WorkflowHeadSchema, value: rest, what: 'the workflow' })
  if (head.success && head.data.input) issues.push(...issuesOfJsonSchema(head.data.input, 'input'))
  const input = head.success && issues.length === 0 ? head.data.input : undefined
  const left = new Map<Step, LeftExpression[]>()
  const parsed = parseSteps(steps, 'steps', left)
  issues.push(...parsed.issues)
  if (!parsed.steps) return { issues }
  const count = everyStep(parsed.steps).length
  if (count > MAX_STEPS) {
    issues.push(issue('too-many-steps', 'steps', `${count} steps; the most is ${MAX_STEPS}`))
    return { issues }
  }
  const { evaluate, state } = head.success ? head.data : {}
  const draft = { input, state, steps: parsed.steps, output: rest.output, evaluate, left }
  return head.success && issues.length === 0
    ? { workflow: { ...head.data, steps: parsed.steps }, draft, issues }
    : { draft, issues }
}

/** The fields without those that mean nothing here: `x-...`, such as blocks of anchors, and the `$schema` that editors look for. */
function withoutExtensions(fields: Record<string, unknown>): Record<string, unknown> {
  const isMeant = ([name, value]: [string, unknown]): boolean =>
    !name.startsWith('x-') && !(name === '$schema' && typeof value === 'string')
  return Object.fromEntries(Object.entries(fields).filter(isMeant))
}

type Left = Map<Step, LeftExpression[]>

/** Parses all steps; `steps` is undefined when there is none. */
function parseSteps(
  value: unknown,
  path: string,
  left: Left,
): { steps?: Record<string, Step>; issues: Issue[] } {
  if (Array.isArray(value)) return { issues: [issue('steps-as-list', path, describeList(value))] }
  if (!isJsonObject(value) || Object.keys(value).length === 0) {
    const found = value === undefined ? 'is required' : `steps is ${shown(value)}`
    const message = `${found}; ${whatHas(path)} has at least one step: {id: {capability: ...}}`
    return { issues: [issue('no-steps', path, message)] }
  }
  const parsed = Object.entries(value).map(([id, step]) => {
    return [id, parseStep(id, step, `${path}.${id}`, left)] as const
  })
  return {
    steps: Object.fromEntries(parsed.map(([id, { step }]) => [id, step])),
    issues: parsed.flatMap(([, { issues }]) => issues),
  }
}

/** Says how the first step of a list is written as a member of a map. */
function describeList(list: readonly unknown[]): string {
  const first = list.find(isJsonObject) ?? {}
  const { id, name, ...fields } = first
  const [only = '', ...others] = Object.keys(first)
  const named = [id, name].find((one) => typeof one === 'string')
  const isNested = others.length === 0 && isJsonObject(first[only])
  const key = String(named ?? (isNested ? only : '<id>'))
  const [field = 'capability'] = Object.keys((isNested ? first[only] : fields) as object)
  return `steps is ${shown(list)}, a list; steps are members of a map, each by its id: write "${key}: { ${field}: ... }" in place of "- ${isNested ? `${only}:` : named === undefined ? `${field}: ...` : `${id === named ? 'id' : 'name'}: ${named}`}". Their order follows from what each waits for: its needs, and the $steps.<id> of its expressions`
}

const whatHas = (path: string): string =>
  path === 'steps' ? 'a workflow' : path.endsWith('.repeat.steps') ? 'a loop' : 'a fan-out over steps'

/** Replaces a body, whose steps are parsed one by one, so that issues name the step. */
const SOME_BODY = { s: { agent: 'a' } }

function parseStep(id: string, given: unknown, path: string, left: Left): { step: Step; issues: Issue[] } {
  const name = StepIdSchema.safeParse(id)
  const issues = name.success
    ? []
    : issuesOfZod(name.error, { schema: StepIdSchema, value: id, path, what: id })
  if (!isJsonObject(given)) {
    const message = `${id} is ${shown(given)}; it must be an object such as {capability: echo}`
    const { step } = standInOf({}, undefined, { known: [], wrong: new Set() })
    return { step, issues: [...issues, issue('invalid-value', path, message)] }
  }
  const value = withoutExtensions(given)
  const { repeat } = value
  const body = isJsonObject(repeat)
    ? parseSteps(repeat.steps, `${path}.repeat.steps`, left)
    : Object.hasOwn(value, 'steps')
      ? parseSteps(value.steps, `${path}.steps`, left)
      : undefined
  issues.push(...(body?.issues ?? []))
  const schema = stepSchemaFor(value)
  const withoutBody = isJsonObject(repeat)
    ? { ...value, repeat: { ...repeat, steps: SOME_BODY } }
    : body
      ? { ...value, steps: SOME_BODY }
      : value
  const parsed = schema.safeParse(withoutBody)
  const own = parsed.success
    ? issuesOfNoKind(value, path)
    : issuesOfStep(parsed.error, schema, withoutBody, path)
  if (parsed.success && (!body || body.steps))
    return { step: withBody(parsed.data, body?.steps), issues: [...issues, ...own] }
  const meant = withoutUnknown(withoutBody, schema)
  if (meant && (!body || body.steps))
    return { step: withBody(meant, body?.steps), issues: [...issues, ...own, ...issuesOfNoKind(meant, path)] }
  // The reported issues include missing fields; zod's include all others, also beyond the limit of reported ones.
  const wrong = new Set([
    ...own.map((one) => fieldAt(one.path, path)),
    ...(parsed.error?.issues.map((one) => String(one.path[0] ?? '')) ?? []),
  ])
  const standIn = standInOf(value, body?.steps, { known: Object.keys(schema.shape), wrong })
  left.set(standIn.step, standIn.left)
  return { step: standIn.step, issues: [...issues, ...own] }
}

/** Fields without which it is not known what a step's other fields may say, or which steps it is connected with. */
const MEANING = [
  ...['forEach', 'repeat', 'steps', ...MARKED_KINDS, 'capability', 'agent'],
  ...['input', 'needs', 'when', 'join', 'onFailure'],
]

/**
 * The step without the fields that it does not have, when nothing else is wrong with it: what else it says is checked as ever. Undefined
 * when one of them may be a misspelt one that gives the others their meaning.
 */
function withoutUnknown(
  value: Record<string, unknown>,
  schema: ReturnType<typeof stepSchemaFor>,
): Step | undefined {
  const known = Object.keys(schema.shape)
  const unknown = Object.keys(value).filter((field) => !known.includes(field))
  const isMisspelt = unknown.some(
    (field) => MEANING.includes(field) || nearestNames(field, MEANING).length > 0,
  )
  if (unknown.length === 0 || isMisspelt) return undefined
  const rest = Object.fromEntries(Object.entries(value).filter(([field]) => !unknown.includes(field)))
  return schema.safeParse(rest).data
}

/** The field of a step that an issue belongs to; a field may have dots in its name. */
const fieldAt = (path: string, step: string): string => path.slice(step.length + 1).split(/[.[]/)[0] ?? ''

function withBody(step: Step, steps: Record<string, Step> | undefined): Step {
  return (steps && bodyIn(step)?.with(steps)) ?? step
}

function issuesOfStep(
  error: z.ZodError,
  schema: ReturnType<typeof stepSchemaFor>,
  value: object,
  path: string,
): Issue[] {
  const unknown = issuesOfFields(value, Object.keys(schema.shape), path)
  // Unknown fields are already reported, with suggestions.
  const found = error.issues.filter((one) => one.code !== 'unrecognized_keys' || one.path.length > 0)
  return [...unknown, ...issuesOfZod({ issues: found }, { schema, value, path })]
}

function issuesOfNoKind(value: object, path: string): Issue[] {
  if (stepKind(value) !== 'agent' || 'capability' in value || 'agent' in value) return []
  const message = `a step names a capability or an agent, or is one of ${MARKED_KINDS.join(', ')}`
  return [issue('no-kind', path, message)]
}

/** Issues of fields that a step of this kind does not have. */
function issuesOfFields(step: object, known: readonly string[], path: string): Issue[] {
  return Object.keys(step)
    .filter((field) => !known.includes(field))
    .map((field) => {
      const kind = stepKind(step)
      const whose = kind !== 'agent' ? `a step with ${kind}` : 'such a step'
      return issue(
        'unknown-field',
        `${path}.${field}`,
        `${whose} has no "${field}"${suggestField(field, known)}`,
      )
    })
}
