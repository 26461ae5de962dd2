import { type Issue, issue } from '../domain/issue.ts'
import { issuesOfZod, shown } from '../domain/issues-of-zod.ts'
import { isJsonObject } from '../domain/json.ts'
import { suggestNames } from '../domain/nearest-names.ts'
import { issuesOfJsonSchema } from './json-schema-issues.ts'
import { everyStep } from './places.ts'
import {
  MAX_STEPS,
  STEP_KINDS,
  type Step,
  StepIdSchema,
  stepSchemaFor,
  type Workflow,
  WorkflowHeadSchema,
} from './schema.ts'

/** Steps that parse are kept beside those that do not, so that their expressions are checked all the same. */
export function parseStructure(value: unknown): { workflow?: Workflow; issues: Issue[] } {
  if (!isJsonObject(value)) {
    return {
      issues: [
        issue(
          'invalid-value',
          '',
          `the workflow is ${shown(value)}; it must be an object {name, steps, ...}`,
        ),
      ],
    }
  }
  const { steps, ...rest } = value
  const head = WorkflowHeadSchema.safeParse(rest)
  const issues = head.success
    ? []
    : issuesOfZod(head.error, { schema: WorkflowHeadSchema, value: rest, what: 'the workflow' })
  if (head.success && head.data.input) issues.push(...issuesOfJsonSchema(head.data.input, 'input'))
  const parsed = parseSteps(steps, 'steps')
  issues.push(...parsed.issues)
  if (!head.success || !parsed.steps) return { issues }
  const count = everyStep(parsed.steps).length
  if (count > MAX_STEPS) {
    issues.push(issue('too-many-steps', 'steps', `${count} steps; the most is ${MAX_STEPS}`))
    return { issues }
  }
  return { workflow: { ...head.data, steps: parsed.steps }, issues }
}

/** Those that parse; `steps` is undefined where none does. */
function parseSteps(value: unknown, path: string): { steps?: Record<string, Step>; issues: Issue[] } {
  if (!isJsonObject(value) || Object.keys(value).length === 0) {
    const found = value === undefined ? 'is required' : `steps is ${shown(value)}`
    const message = `${found}; ${whatHas(path)} has at least one step: {id: {capability: ...}}`
    return { issues: [issue('no-steps', path, message)] }
  }
  const issues: Issue[] = []
  const kept: Record<string, Step> = {}
  for (const [id, step] of Object.entries(value)) {
    const parsed = parseStep(id, step, `${path}.${id}`)
    issues.push(...parsed.issues)
    if (parsed.step) kept[id] = parsed.step
  }
  return Object.keys(kept).length > 0 ? { steps: kept, issues } : { issues }
}

const whatHas = (path: string): string =>
  path === 'steps' ? 'a workflow' : path.endsWith('.repeat.steps') ? 'a loop' : 'a fan-out over steps'

function parseStep(id: string, value: unknown, path: string): { step?: Step; issues: Issue[] } {
  const name = StepIdSchema.safeParse(id)
  const issues = name.success
    ? []
    : issuesOfZod(name.error, { schema: StepIdSchema, value: id, path, what: id })
  if (!isJsonObject(value))
    return {
      issues: [
        ...issues,
        issue(
          'invalid-value',
          path,
          `${id} is ${shown(value)}; it must be an object such as {capability: echo}`,
        ),
      ],
    }
  const { repeat } = value
  // The body first, step by step: a schema of everything at once would not say which of them is wrong.
  const body = isJsonObject(repeat)
    ? parseSteps(repeat.steps, `${path}.repeat.steps`)
    : Object.hasOwn(value, 'steps')
      ? parseSteps(value.steps, `${path}.steps`)
      : undefined
  if (body && body.issues.length > 0) return { issues: [...issues, ...body.issues] }
  const schema = stepSchemaFor(value)
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const unknown = issuesOfFields(value, Object.keys(schema.shape), path)
    // Told already, with what is meant.
    const found = parsed.error.issues.filter((one) => one.code !== 'unrecognized_keys' || one.path.length > 0)
    const others = issuesOfZod({ issues: found }, { schema, value, path })
    return { issues: [...issues, ...unknown, ...others] }
  }
  const step = parsed.data as Step
  if (stepSchemaFor(value) === stepSchemaFor({}) && !('capability' in value) && !('agent' in value)) {
    const message =
      'a step names a capability or an agent, or is one of repeat, steps, approval, wait, workflow, emit'
    issues.push(issue('no-kind', path, message))
  }
  return { step, issues }
}

/** Fields that such a step does not have. */
function issuesOfFields(step: object, known: readonly string[], path: string): Issue[] {
  return Object.keys(step)
    .filter((field) => !known.includes(field))
    .map((field) => {
      const kind = KINDS_OF_STEPS.find((one) => one in step)
      const whose = kind ? `a step with ${kind}` : 'such a step'
      return issue(
        'unknown-field',
        `${path}.${field}`,
        `${whose} has no "${field}"${suggestNames(field, known)}`,
      )
    })
}

const KINDS_OF_STEPS = STEP_KINDS.filter((kind) => kind !== 'agent')
