import type { Evaluated } from './evaluate-text.ts'

/** The JSON of each result, undefined when an expression finds nothing; or the index and reason of the first failure. */
export type Answers = { results: readonly (string | undefined)[] } | { failedAt: number; error: string }

/** Evaluates in order until one fails. */
export async function evaluateInOrder<T>(
  asked: readonly T[],
  evaluateOne: (one: T) => Promise<Evaluated>,
): Promise<Answers> {
  const results: (string | undefined)[] = []
  for (const one of asked) {
    const evaluated = await evaluateOne(one)
    if ('error' in evaluated) return { failedAt: results.length, error: evaluated.error }
    results.push(evaluated.json)
  }
  return { results }
}
