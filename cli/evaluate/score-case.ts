import type { TaskView } from '../../shared/contracts/views.ts'
import { type Check, type Evaluation, evaluationOf } from '../../shared/domain/evaluation.ts'
import { isJsonObject, type Json } from '../../shared/domain/json.ts'
import { shown } from '../../shared/domain/shown.ts'
import { checkOutput } from '../../shared/workflow/evaluation/check-output.ts'
import type { Case } from './cases.ts'

type Ended = Pick<TaskView, 'status' | 'error' | 'evaluation'> & { result?: unknown }

/**
 * How well a task has done a case: the mean of what its `expected`, its rules and its schema say, and of what the workflow's own `evaluate` does. A
 * task that has not succeeded has 0; one of which nothing is asked has 1.
 */
export async function scoreCase(
  one: Case,
  { status, error, result, evaluation }: Ended,
): Promise<Evaluation> {
  if (status !== 'succeeded') {
    const reason = error ? `${error.name}: ${error.message}` : `the task is ${status}`
    return evaluationOf([{ kind: 'rule', name: 'succeeds', score: 0, reason }])
  }
  const output = (result ?? null) as Json
  const { rules, schema, input, expected } = one
  const names = { input, ...(expected === undefined ? {} : { expected }) }
  const checks = [
    ...(expected === undefined ? [] : [checkExpected(expected, output)]),
    ...(await checkOutput({ rules, schema }, { output, names })),
    ...(evaluation ? [{ kind: 'rule' as const, name: 'evaluate', score: evaluation.score }] : []),
  ]
  return checks.length > 0
    ? evaluationOf(checks)
    : evaluationOf([{ kind: 'rule', name: 'succeeds', score: 1 }])
}

/** The share of the expected values that are there; what is not expected does not count. */
function checkExpected(expected: Json, output: Json): Check {
  const { values, misses } = compared(expected, output, '')
  const [first] = misses
  return {
    kind: 'rule',
    name: 'expected',
    score: 1 - misses.length / values,
    ...(first === undefined ? {} : { reason: first }),
  }
}

type Compared = { values: number; misses: string[] }

/** The single values in `expected`, and those that `found` has not, each told by its path. An empty object or list is one value. */
function compared(expected: Json, found: Json | undefined, path: string): Compared {
  const parts = partsOf(expected)
  if (parts.length === 0) {
    const isSame = isEqual(expected, found)
    const told = `${path || 'the output'} is ${shown(found)}; expected is ${shown(expected)}`
    return { values: 1, misses: isSame ? [] : [told] }
  }
  const inside = parts.map(([name, value]) => {
    const at = Array.isArray(expected) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    return compared(value, memberOf(found, name, Array.isArray(expected)), at)
  })
  const more = moreIn(expected, found, path)
  return {
    values: inside.reduce((sum, { values }) => sum + values, more.length),
    misses: [...more, ...inside.flatMap(({ misses }) => misses)],
  }
}

const partsOf = (value: Json): [string, Json][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

function isEqual(expected: Json, found: Json | undefined): boolean {
  if (Array.isArray(expected)) return Array.isArray(found) && found.length === 0
  return isJsonObject(expected) ? isJsonObject(found) : expected === found
}

function memberOf(found: Json | undefined, name: string, isList: boolean): Json | undefined {
  const hasMembers = isList ? Array.isArray(found) : isJsonObject(found)
  if (!hasMembers || !Object.hasOwn(found as object, name)) return undefined
  return (found as Record<string, Json>)[name]
}

/** A list that is longer than expected is another list. */
function moreIn(expected: Json, found: Json | undefined, path: string): string[] {
  if (!Array.isArray(expected) || !Array.isArray(found) || found.length <= expected.length) return []
  return [`${path || 'the output'} has ${found.length} members; expected are ${expected.length}`]
}
