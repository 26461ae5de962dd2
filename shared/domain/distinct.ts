import type * as z from 'zod'
import { shown } from './shown.ts'

/**
 * A list without duplicates: a repeated member is refused, because its author probably meant something else. `keyOf` says by which key two
 * members are equal.
 */
export const distinct = <T extends z.ZodType>(
  list: z.ZodArray<T>,
  keyOf: (member: z.output<T>) => unknown = (member) => member,
): z.ZodArray<T> =>
  list
    .refine((members) => repeatedIn(members.map(keyOf)) === undefined, {
      error: ({ input }) => {
        const repeated = repeatedIn((input as z.output<T>[]).map(keyOf))
        return `${shown(repeated)} is there more than once; each member stands for itself, once`
      },
    })
    .meta({ uniqueItems: true })

function repeatedIn(keys: readonly unknown[]): unknown {
  const seen = new Set<unknown>()
  for (const key of keys) {
    if (seen.has(key)) return key
    seen.add(key)
  }
  return undefined
}
