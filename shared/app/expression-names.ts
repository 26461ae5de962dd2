import type { Json } from '../domain/json.ts'
import type { StepRecord } from '../domain/step.ts'
import type { Task } from '../domain/task.ts'
import type { Plan, TaskStore } from '../ports/index.ts'
import { expressionsIn, type Names } from '../workflow/expressions.ts'
import { referencesIn } from '../workflow/references.ts'

type Scope = {
  task: Pick<Task, 'id' | 'type' | 'metadata'>
  plan: Pick<Plan, 'input'>
  records: readonly StepRecord[]
  /** What will be evaluated: only the outputs that it mentions are loaded. */
  template: unknown
}

/** The names that expressions see: `$input`, `$task`, `$status` and the mentioned members of `$steps`. */
export async function namesForExpressions(tasks: Pick<TaskStore, 'loadValue'>, scope: Scope): Promise<Names> {
  const wanted = mentionedSteps(scope.template)
  const outputs = scope.records.filter(({ path, output }) => output && (wanted === 'all' || wanted.has(path)))
  const values = await Promise.all(outputs.map(({ output }) => (output ? tasks.loadValue(output) : null)))
  const steps = Object.fromEntries(outputs.map(({ path }, index) => [path, values[index] ?? null]))
  const { id, type, metadata } = scope.task
  return {
    input: scope.plan.input,
    task: { id, ...(type ? { type } : {}), metadata } as Json,
    status: Object.fromEntries(scope.records.map(({ path, status }) => [path, status])),
    steps,
  }
}

function mentionedSteps(template: unknown): Set<string> | 'all' {
  const references = expressionsIn(template).map(({ text }) => referencesIn(text))
  if (references.some(({ dynamicSteps }) => dynamicSteps)) return 'all'
  return new Set(references.flatMap(({ steps }) => [...steps]))
}
