import type { Evaluated } from './evaluate-text.ts'

/** The JSON of each result, undefined where an expression finds nothing; or which of them has failed first, and why. */
export type Answers = { results: readonly (string | undefined)[] } | { failedAt: number; error: string }

/** Until one fails. */
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
