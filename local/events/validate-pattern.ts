import { operatorOf } from './pattern-operators.ts'

/** Throws for a pattern that EventBridge would refuse, with place and reason: a rule that never matches would fail silently. */
export function validatePattern(pattern: unknown, path = 'the event pattern'): void {
  if (!isObject(pattern) || Object.keys(pattern).length === 0)
    throw new Error(`${path} is not an object with fields`)
  for (const [field, wanted] of Object.entries(pattern)) {
    const at = `${path}, ${field}`
    if (field === '$or') {
      if (!Array.isArray(wanted) || wanted.length < 2) throw new Error(`${at} is not a list of two or more`)
      for (const alternative of wanted) validatePattern(alternative, at)
    } else if (Array.isArray(wanted)) validateMatchers(wanted, at)
    else validatePattern(wanted, at)
  }
}

function validateMatchers(wanted: readonly unknown[], path: string): void {
  if (wanted.length === 0) throw new Error(`${path} is an empty list: nothing would match`)
  for (const matcher of wanted) {
    try {
      operatorOf(matcher)
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`)
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
