import { type Issue, issuesOfZod } from '../domain/issue.ts'
import { isJsonObject } from '../domain/json.ts'
import { expressionIn, expressionsIn, reasonOf } from './expressions.ts'
import { issuesOfCycle } from './graph.ts'
import { issuesOfJsonSchema } from './json-schema-issues.ts'
import { suggestNames } from './nearest-names.ts'
import { parseText } from './parse-text.ts'
import { referencesIn } from './references.ts'
import {
  MAX_STEPS,
  type Step,
  StepIdSchema,
  stepSchemaFor,
  type Workflow,
  WorkflowHeadSchema,
} from './schema.ts'
import { expressionsOfStep, graphOfWorkflow } from './step-needs.ts'

export type Validated = { workflow: Workflow; issues: [] } | { workflow?: undefined; issues: Issue[] }

const TASK_NAMES = ['input', 'steps', 'status', 'task']

/**
 * Parses a workflow (YAML or JSON text, or a value) and returns it, or every issue with its path: structure first,
 * then names, expressions and the graph. Whether agents serve it is the planner's question.
 */
export function validateWorkflow(source: unknown): Validated {
  const parsed = typeof source === 'string' ? parseText(source) : { value: source, issues: [] }
  if (parsed.issues.length > 0) return { issues: parsed.issues }
  const { workflow, issues } = parseStructure(parsed.value)
  const meaning = workflow ? [...issuesOfNames(workflow), ...issuesOfCycle(graphOfWorkflow(workflow))] : []
  const all = [...issues, ...meaning]
  return all.length === 0 && workflow ? { workflow, issues: [] } : { issues: all }
}

/** Steps that parse are kept beside those that do not, so that their expressions are checked all the same. */
function parseStructure(value: unknown): { workflow?: Workflow; issues: Issue[] } {
  if (!isJsonObject(value)) {
    return {
      issues: [
        issue('invalid-value', '', `a workflow is an object with name and steps, not ${typeof value}`),
      ],
    }
  }
  const { steps, ...rest } = value
  const head = WorkflowHeadSchema.safeParse(rest)
  const issues = head.success ? [] : issuesOfZod(head.error)
  if (head.success && head.data.input) issues.push(...issuesOfJsonSchema(head.data.input, 'input'))
  if (!isJsonObject(steps) || Object.keys(steps).length === 0) {
    return {
      issues: [
        ...issues,
        issue('no-steps', 'steps', 'a workflow has at least one step: {id: {capability: ...}}'),
      ],
    }
  }
  const count = Object.keys(steps).length
  if (count > MAX_STEPS) {
    return {
      issues: [...issues, issue('too-many-steps', 'steps', `${count} steps; the most is ${MAX_STEPS}`)],
    }
  }
  const kept: Record<string, Step> = {}
  for (const [id, step] of Object.entries(steps)) {
    const parsed = parseStep(id, step)
    issues.push(...parsed.issues)
    if (parsed.step) kept[id] = parsed.step
  }
  return head.success && Object.keys(kept).length > 0
    ? { workflow: { ...head.data, steps: kept }, issues }
    : { issues }
}

function parseStep(id: string, value: unknown): { step?: Step; issues: Issue[] } {
  const path = `steps.${id}`
  const name = StepIdSchema.safeParse(id)
  const issues = name.success ? [] : issuesOfZod(name.error, path)
  if (!isJsonObject(value))
    return { issues: [...issues, issue('invalid-value', path, 'a step is an object')] }
  const parsed = stepSchemaFor(value).safeParse(value)
  if (!parsed.success) return { issues: [...issues, ...issuesOfZod(parsed.error, path)] }
  const step = parsed.data as Step
  if (stepSchemaFor(value) === stepSchemaFor({}) && !('capability' in value) && !('agent' in value)) {
    const message =
      'a step names a capability or an agent, or is one of repeat, approval, wait, workflow, emit'
    issues.push(issue('no-kind', path, message))
  }
  return { step, issues }
}

function issuesOfNames(workflow: Workflow): Issue[] {
  const ids = Object.keys(workflow.steps)
  const ofSteps = Object.entries(workflow.steps).flatMap(([id, step]) => [
    ...issuesOfNeeds(id, step, ids),
    ...issuesOfWhen(id, step),
    ...expressionsOfStep(step).flatMap(({ path, text }) =>
      issuesOfExpression(text, `steps.${id}.${path}`, ids, namesInside(step), step.needs !== undefined),
    ),
  ])
  const ofOutput = expressionsIn(workflow.output, 'output').flatMap(({ path, text }) =>
    issuesOfExpression(text, path, ids, TASK_NAMES, true),
  )
  return [...ofSteps, ...ofOutput]
}

/** Loops and fan-outs give their bodies more names. */
function namesInside(step: Step): string[] {
  if ('forEach' in step && step.forEach !== undefined) return [...TASK_NAMES, 'item', 'index']
  if ('repeat' in step) return [...TASK_NAMES, 'iteration', 'previous']
  return TASK_NAMES
}

function issuesOfNeeds(id: string, step: Step, ids: string[]): Issue[] {
  const handler = typeof step.onFailure === 'object' && 'step' in step.onFailure ? [step.onFailure.step] : []
  return [...(step.needs ?? []), ...handler]
    .filter((need) => !ids.includes(need))
    .map((need) =>
      issue(
        'unknown-step',
        `steps.${id}.needs`,
        `step "${id}" needs "${need}", which is not in this workflow${suggestNames(need, ids)}`,
      ),
    )
}

function issuesOfWhen(id: string, step: Step): Issue[] {
  if (step.when === undefined || expressionIn(step.when) !== undefined) return []
  return [
    issue(
      'not-an-expression',
      `steps.${id}.when`,
      `"${step.when}" is text; a condition is written {% ... %}`,
    ),
  ]
}

function issuesOfExpression(
  text: string,
  path: string,
  ids: string[],
  known: string[],
  dynamic: boolean,
): Issue[] {
  let references: ReturnType<typeof referencesIn>
  try {
    references = referencesIn(text)
  } catch (error) {
    return [issue('bad-expression', path, `{% ${text} %} does not parse: ${reasonOf(error)}`)]
  }
  const issues = [...references.variables]
    .filter((name) => !known.includes(name))
    .map((name) => issue('unknown-name', path, `$${name} is not known here${suggestNames(name, known)}`))
  for (const step of [...references.steps].filter((name) => !ids.includes(name))) {
    issues.push(
      issue('unknown-step', path, `"${step}" is not a step of this workflow${suggestNames(step, ids)}`),
    )
  }
  if (references.dynamicSteps && !dynamic) {
    const message =
      'it reads $steps or $status as a whole: name the step ($steps.x), or list what it waits for in `needs`'
    issues.push(issue('dynamic-steps', path, message))
  }
  return issues
}

const issue = (code: string, path: string, message: string): Issue => ({ code, path, message })
