/**
 * EventBridge's pattern language: exact, prefix, suffix, anything-but, numeric, exists, equals-ignore-case, wildcard
 * and $or. A pattern's fields must all match; of a field's list, one must.
 */
type Value = unknown
type Matcher = Record<string, unknown>

export function matchesPattern(pattern: Record<string, unknown>, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or')
      return (wanted as Record<string, unknown>[]).some((alternative) => matchesPattern(alternative, event))
    const value = isObject(event) ? event[field] : undefined
    if (Array.isArray(wanted)) return matchesAny(wanted, value)
    return matchesPattern(wanted as Record<string, unknown>, value)
  })
}

/** An array in the event matches when one of its members does. */
function matchesAny(wanted: unknown[], value: Value): boolean {
  const values = Array.isArray(value) ? value : [value]
  return wanted.some((matcher) => {
    if (isObject(matcher) && 'exists' in matcher) return matcher.exists === (value !== undefined)
    return values.some((member) => matchesOne(matcher, member))
  })
}

function matchesOne(matcher: unknown, value: Value): boolean {
  if (!isObject(matcher)) return matcher === value
  return Object.entries(matcher).every(([kind, operand]) => OPERATORS[kind]?.(operand, value) ?? false)
}

const OPERATORS: Readonly<Record<string, (operand: unknown, value: Value) => boolean>> = {
  prefix: (operand, value) => compareText(operand, value, (text, part) => text.startsWith(part)),
  suffix: (operand, value) => compareText(operand, value, (text, part) => text.endsWith(part)),
  'equals-ignore-case': (operand, value) =>
    typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase(),
  wildcard: (operand, value) => typeof value === 'string' && matchesWildcard(String(operand), value),
  numeric: (operand, value) =>
    typeof value === 'number' && matchesNumeric(operand as (string | number)[], value),
  'anything-but': (operand, value) => value !== undefined && !matchesButNot(operand, value),
}

/** `prefix` and `suffix` may themselves ignore case. */
function compareText(
  operand: unknown,
  value: Value,
  holds: (text: string, part: string) => boolean,
): boolean {
  if (typeof value !== 'string') return false
  if (isObject(operand))
    return holds(value.toLowerCase(), String(operand['equals-ignore-case']).toLowerCase())
  return holds(value, String(operand))
}

function matchesButNot(operand: unknown, value: Value): boolean {
  return (Array.isArray(operand) ? operand : [operand]).some((excluded) => matchesOne(excluded, value))
}

function matchesNumeric(conditions: readonly (string | number)[], value: number): boolean {
  for (let index = 0; index < conditions.length; index += 2) {
    const limit = Number(conditions[index + 1])
    const holds = {
      '<': value < limit,
      '<=': value <= limit,
      '=': value === limit,
      '>=': value >= limit,
      '>': value > limit,
    }
    if (!holds[conditions[index] as keyof typeof holds]) return false
  }
  return true
}

function matchesWildcard(pattern: string, value: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${source.join('.*')}$`, 's').test(value)
}

function isObject(value: unknown): value is Matcher {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
