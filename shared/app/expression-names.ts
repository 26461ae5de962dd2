import { enclosingScopes, parsePath, roundBefore } from '../domain/instance-path.ts'
import type { Json } from '../domain/json.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Task } from '../domain/task.ts'
import type { Plan, TaskStore } from '../ports/index.ts'
import { expressionsIn, type Names } from '../workflow/expressions.ts'
import { type References, referencesIn } from '../workflow/references.ts'

type View = {
  task: Pick<Task, 'id' | 'type' | 'metadata'>
  plan: Pick<Plan, 'input'>
  /** The round of a loop that the expressions are part of; empty outside loops. */
  scope: string
  /** May hold more than the scope sees. */
  records: readonly StepRecord[]
  /** What will be evaluated: only the outputs that it mentions are loaded. */
  template: unknown
}

/**
 * The names that expressions see: `$input`, `$task`, `$status` and the mentioned members of `$steps`; in a loop also
 * `$iteration` and, from its second round, `$previous`: the outputs of the round before by step.
 */
export async function namesForExpressions(
  tasks: Pick<TaskStore, 'loadValue'>,
  { task, plan, scope, records, template }: View,
): Promise<Names> {
  const wanted = mentionedIn(template)
  const scopes = enclosingScopes(scope)
  const seen = records.filter(({ path }) => isStepIn(path, scopes))
  const before = wanted.previous ? records.filter(({ path }) => isStepIn(path, [roundBefore(scope)])) : []
  const [steps, previous] = await Promise.all([
    outputsOf(
      tasks,
      seen.filter(({ path }) => wanted.steps === 'all' || wanted.steps.has(parsePath(path).stepId)),
    ),
    outputsOf(tasks, before),
  ])
  const { id, type, metadata } = task
  const { index: iteration } = parsePath(scope)
  return {
    input: plan.input,
    task: { id, ...(type ? { type } : {}), metadata } as Json,
    status: Object.fromEntries(seen.map(({ path, status }) => [parsePath(path).stepId, status])),
    steps: withoutInherited(steps, wanted.steps),
    ...(iteration === undefined ? {} : { iteration }),
    ...(before.length > 0 ? { previous } : {}),
  }
}

/**
 * A step that has no output (it was skipped, or has failed) has none, also where every object has a member of its name: an expression
 * would find that.
 */
function withoutInherited(steps: Record<string, Json>, wanted: Set<string> | 'all'): Json {
  const missing = wanted === 'all' ? [] : [...wanted].filter((id) => id in steps && !Object.hasOwn(steps, id))
  return { ...Object.fromEntries(missing.map((id) => [id, undefined])), ...steps } as Json
}

/** Items of a fan-out are no steps that others see. */
function isStepIn(path: string, scopes: readonly (string | undefined)[]): boolean {
  const { scope, index } = parsePath(path)
  return index === undefined && scopes.includes(scope)
}

async function outputsOf(
  tasks: Pick<TaskStore, 'loadValue'>,
  records: readonly StepRecord[],
): Promise<Record<string, Json>> {
  const found = records.flatMap(({ path, output }) =>
    output ? [{ id: parsePath(path).stepId, output }] : [],
  )
  const values = await Promise.all(found.map(({ output }) => tasks.loadValue(output)))
  return Object.fromEntries(found.map(({ id }, at) => [id, values[at] ?? null]))
}

function mentionedIn(template: unknown): { steps: Set<string> | 'all'; previous: boolean } {
  const references = expressionsIn(template).map(({ text }) => referencesIn(text))
  const steps = references.some(({ dynamicSteps }) => dynamicSteps)
    ? 'all'
    : new Set(references.flatMap((one) => [...one.steps]))
  return { steps, previous: references.some(mentionsPrevious) }
}

export const mentionsPrevious = ({ variables }: References): boolean => variables.has('previous')
