import type * as z from 'zod'

type ZodIssue = z.core.$ZodIssue

/** What would be right, derived from the issue alone. */
export function describeZodIssue(found: ZodIssue, nested = 0): string {
  switch (found.code) {
    case 'invalid_type':
      return KINDS[found.expected] ?? found.expected
    case 'invalid_value':
      return `one of ${found.values.map((one) => JSON.stringify(one) ?? String(one)).join(', ')}`
    case 'too_big':
      return `${found.exact ? 'exactly' : found.inclusive ? 'at most' : 'below'} ${found.maximum}${unitOf(found.origin)}`
    case 'too_small':
      return `${found.exact ? 'exactly' : found.inclusive ? 'at least' : 'above'} ${found.minimum}${unitOf(found.origin)}`
    case 'invalid_format':
      return found.pattern ? `text that matches ${found.pattern}` : `a text of the form ${found.format}`
    case 'not_multiple_of':
      return `a multiple of ${found.divisor}`
    case 'invalid_union':
      return nested < MOST_NESTED ? describeAlternatives(found.errors, nested + 1) : 'another value'
    default:
      return 'another value'
  }
}

/** issues/W4 */
export const MOST_NESTED = 2
const MOST_ALTERNATIVES = 10

function describeAlternatives(errors: readonly ZodIssue[][], nested: number): string {
  const told = errors
    .slice(0, MOST_ALTERNATIVES)
    .flatMap(([first]) => (first ? [describeZodIssue(first, nested)] : []))
  return [...new Set(told)].join(', or ')
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  never: 'left out',
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters long', array: ' members long' }
const unitOf = (origin: string): string => UNITS[origin] ?? ''
