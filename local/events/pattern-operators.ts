import { BlockList, isIP } from 'node:net'

export type Operator = { name: string; operand: unknown; matches: (value: unknown) => boolean }
type Make = (operand: unknown) => ((value: unknown) => boolean) | undefined

/** The operator of a matcher; undefined for a plain value. Throws for a matcher that EventBridge would refuse. */
export function operatorOf(matcher: unknown): Operator | undefined {
  if (typeof matcher !== 'object' || matcher === null) return undefined
  const known = parsed.get(matcher)
  if (known) return known
  const [[name = '', operand] = [], ...more] = Object.entries(matcher)
  const make = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined
  const matches = more.length === 0 && !Array.isArray(matcher) ? make?.(operand) : undefined
  if (!matches) throw new Error(`EventBridge has no matcher ${JSON.stringify(matcher).slice(0, 200)}`)
  const operator = { name, operand, matches }
  parsed.set(matcher, operator)
  return operator
}

const parsed = new WeakMap<object, Operator>()

type Comparison = (value: string, part: string) => boolean
const startsWith: Comparison = (value, part) => value.startsWith(part)
const endsWith: Comparison = (value, part) => value.endsWith(part)
const sameLetters: Comparison = (value, part) => value.toLowerCase() === part.toLowerCase()

const OPERATORS: Readonly<Record<string, Make>> = {
  exists: (operand) => (typeof operand === 'boolean' ? () => operand : undefined),
  prefix: (operand) => ofText(operand, startsWith),
  suffix: (operand) => ofText(operand, endsWith),
  'equals-ignore-case': (operand) =>
    typeof operand === 'string' ? (value) => isText(value) && sameLetters(value, operand) : undefined,
  wildcard: (operand) => {
    const expression = typeof operand === 'string' ? wildcard(operand) : undefined
    return expression && ((value) => isText(value) && expression.test(value))
  },
  numeric: (operand) => numeric(operand),
  cidr: (operand) => (typeof operand === 'string' ? cidr(operand) : undefined),
  'anything-but': (operand) => anythingBut(operand),
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** `prefix` and `suffix` may contain `equals-ignore-case`. */
function ofText(operand: unknown, holds: Comparison): ReturnType<Make> {
  if (isText(operand)) return (value) => isText(value) && holds(value, operand)
  const [[name, part] = [], ...more] = Object.entries((operand ?? {}) as object)
  if (name !== 'equals-ignore-case' || !isText(part) || more.length > 0) return undefined
  return (value) => isText(value) && holds(value.toLowerCase(), part.toLowerCase())
}

/** `*` is any text, `\*` a star, `\\` a backslash; two stars in a row and other escapes are refused. */
function wildcard(pattern: string): RegExp | undefined {
  const parts = pattern.match(/\\[*\\]|[^\\]/gs) ?? []
  if (parts.join('') !== pattern) return undefined
  if (parts.some((part, index) => part === '*' && parts[index + 1] === '*')) return undefined
  const source = parts.map((part) => (part === '*' ? '[^]*' : literal(part.at(-1) ?? '')))
  return new RegExp(`^${source.join('')}$`)
}

const literal = (letter: string): string => letter.replace(/[.*+?^${}()|[\]\\/]/, '\\$&')

const LIMIT = 5e9
const COMPARISONS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '=': (value, limit) => value === limit,
  '>=': (value, limit) => value >= limit,
  '>': (value, limit) => value > limit,
}

/** One comparison, or a lower bound and an upper one. */
function numeric(operand: unknown): ReturnType<Make> {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) return undefined
  const [first, low, second, high] = operand as unknown[]
  const conditions = [{ name: String(first), limit: low }]
  if (operand.length === 4) {
    if (!String(first).startsWith('>') || !String(second).startsWith('<')) return undefined
    if (Number(low) >= Number(high)) return undefined
    conditions.push({ name: String(second), limit: high })
  }
  const isKnown = conditions.every(
    ({ name, limit }) =>
      Object.hasOwn(COMPARISONS, name) && typeof limit === 'number' && Math.abs(limit) <= LIMIT,
  )
  if (!isKnown) return undefined
  return (value) =>
    typeof value === 'number' &&
    conditions.every(({ name, limit }) => COMPARISONS[name]?.(value, Number(limit)) === true)
}

function cidr(range: string): ReturnType<Make> {
  const [address = '', bits = '', ...more] = range.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined
  if (Number(bits) > (family === 4 ? 32 : 128)) return undefined
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return (value) =>
    isText(value) && isIP(value) === family && list.check(value, family === 4 ? 'ipv4' : 'ipv6')
}

/** Excludes a value or a list of values of one type, or texts by prefix, suffix, `equals-ignore-case` or wildcard. */
function anythingBut(operand: unknown): ReturnType<Make> {
  const values: unknown[] = [operand].flat()
  if (values.length === 0) return undefined
  if (values.every(isText) || values.every((value) => typeof value === 'number'))
    return (value) => !values.includes(value as never)
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return undefined
  const [[name = '', parts] = [], ...more] = Object.entries(operand)
  if (more.length > 0 || !['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name))
    return undefined
  const excluded = [parts].flat().map((part) => OPERATORS[name]?.(part))
  if (excluded.length === 0 || excluded.some((matches) => matches === undefined)) return undefined
  return (value) => !excluded.some((matches) => matches?.(value))
}
