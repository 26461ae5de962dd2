import { operatorOf } from './pattern-operators.ts'

/**
 * Matches events against EventBridge patterns.
 *
 * pattern/P1 All fields of a pattern must match; of a field's list, one matcher must; of `$or`, one alternative.
 * pattern/P2 When the event has a list of plain values, one must match. When it has a list of objects, one object must match everything.
 * pattern/P3 Operators apply to leaves only: an object is no leaf, so `exists: true` does not match it.
 * pattern/P4 `exists: false` applies to all members of a list: none of them may have the field.
 */
export type Pattern = Readonly<Record<string, unknown>>

export function matchesPattern(pattern: Pattern, event: unknown): boolean {
  return matchesFields(pattern, event, [event])
}

/** `all`: the values of this field in all members of every list on the path. */
function matchesFields(pattern: Pattern, value: unknown, all: readonly unknown[]): boolean {
  if (Array.isArray(value)) return value.some((member) => matchesFields(pattern, member, all))
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or')
      return (wanted as Pattern[]).some((alternative) => matchesFields(alternative, value, all))
    const child = fieldOf(value, field)
    const children = all.flatMap(membersOf).map((member) => fieldOf(member, field))
    if (Array.isArray(wanted)) return matchesLeaf(wanted, child, children)
    return matchesFields(wanted as Pattern, child, children)
  })
}

function matchesLeaf(wanted: readonly unknown[], value: unknown, all: readonly unknown[]): boolean {
  const leaves = membersOf(value).filter(isLeaf)
  return wanted.some((matcher) => {
    const operator = operatorOf(matcher)
    if (operator?.name === 'exists')
      return operator.operand ? leaves.length > 0 : !all.flatMap(membersOf).some(isLeaf)
    return leaves.some((leaf) => (operator ? operator.matches(leaf) : matcher === leaf))
  })
}

const isLeaf = (value: unknown): boolean =>
  value !== undefined && (value === null || typeof value !== 'object')

/** Nested lists are flattened. */
const membersOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(membersOf) : [value])

function fieldOf(value: unknown, field: string): unknown {
  const has = typeof value === 'object' && value !== null && Object.hasOwn(value, field)
  return has ? (value as Record<string, unknown>)[field] : undefined
}
