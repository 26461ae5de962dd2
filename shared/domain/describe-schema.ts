import * as z from 'zod'
import { cut } from './shown.ts'

/** How many members of an object, or values of a list, a description names. */
const MOST_NAMED = 12
/** Schemas may be recursive. */
const MOST_DEPTH = 4

type Schema = z.core.$ZodTypes
type Check = z.core.$ZodChecks['_zod']['def']

/** What a schema accepts, in words that follow "it must be": `a whole number from 1 to 20`, `one of "all", "any"`. */
export function describeSchema(given: z.core.$ZodType, depth = 0): string {
  const schema = withoutWrapping(given)
  const said = ownWords(schema)
  // A check by a function has no other description than its author's.
  if (schema._zod.def.type === 'custom' && said !== undefined) return said
  const what = describeKind(schema, depth, said !== undefined)
  return said === undefined ? what : `${what} (${said})`
}

function describeKind(schema: Schema, depth: number, isSaid: boolean): string {
  const { def } = schema._zod
  switch (def.type) {
    case 'string':
      return describeText(def, isSaid, z.globalRegistry.get(schema)?.description)
    case 'number':
      return describeNumber(checksOf(def))
    case 'boolean':
      return 'true or false'
    case 'enum':
      return oneOf(Object.values(def.entries))
    case 'literal':
      return oneOf(def.values)
    case 'array':
      return describeList(def, depth)
    case 'object':
      return describeObject(def)
    case 'record':
      return 'an object'
    case 'union':
      return either(depth < MOST_DEPTH ? def.options.map((one) => describeSchema(one, depth + 1)) : [])
    case 'intersection':
      return `${describeSchema(def.left, depth + 1)} and ${describeSchema(def.right, depth + 1)}`
    case 'null':
      return 'null'
    case 'never':
      return 'left out'
    default:
      return 'another value'
  }
}

/** The inner schema that decides what a value must look like, without defaults, optionals and transformations around it. */
export function withoutWrapping(given: z.core.$ZodType): Schema {
  const schema = given as Schema
  const { def } = schema._zod
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return withoutWrapping(def.innerType)
    case 'nullable':
      return z.union([def.innerType as z.ZodType, z.null()]) as unknown as Schema
    case 'lazy':
      return withoutWrapping(def.getter())
    case 'pipe':
      return withoutWrapping(withoutWrapping(def.in)._zod.def.type === 'transform' ? def.out : def.in)
    default:
      return schema
  }
}

/** The values of an enum or literal; those of a union include the values of its alternatives. */
export function valuesOf(given: z.core.$ZodType, depth = 0): string[] {
  const { def } = withoutWrapping(given)._zod
  if (def.type === 'enum') return Object.values(def.entries).map(String)
  if (def.type === 'literal') return def.values.map(String)
  if (def.type !== 'union' || depth >= MOST_DEPTH) return []
  return def.options.flatMap((one) => valuesOf(one, depth + 1))
}

/** The message that the schema's author gave for the type or for the pattern. */
export function ownWords({ _zod: { def } }: Schema): string | undefined {
  const ofType = wordsOf(def.error)
  if (ofType !== undefined) return ofType
  const pattern = checksOf(def).find(({ check, error }) => check === 'string_format' && error)
  return pattern && wordsOf(pattern.error)
}

function wordsOf(error: ((issue: never) => ReturnType<z.core.$ZodErrorMap>) | undefined): string | undefined {
  const said = error?.({ code: 'custom', path: [], message: '', input: undefined } as never)
  return typeof said === 'string' ? said : said?.message
}

const checksOf = (def: z.core.$ZodTypeDef): Check[] =>
  (def.checks ?? []).map((check) => check._zod.def as Check)

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a time of ISO 8601 such as 2026-12-24T18:00:00Z',
  date: 'a date such as 2026-12-24',
  time: 'a time of day such as 18:00:00',
  duration: 'a duration of ISO 8601 such as PT5M',
  email: 'an email address',
  url: 'a URL',
  uuid: 'a UUID',
}

/**
 * The description has precedence over the pattern: it says more, and unlike the author's error messages it survives the
 * conversion to JSON Schema.
 */
function describeText(def: z.core.$ZodStringDef, isSaid: boolean, description = ''): string {
  const checks = checksOf(def)
  const format = 'format' in def ? String(def.format) : undefined
  const known = [format, ...checks.map((one) => ('format' in one ? String(one.format) : ''))].find(
    (name) => name && Object.hasOwn(FORMATS, name),
  )
  const pattern = checks.find((one) => one.check === 'string_format' && 'pattern' in one && one.pattern)
  const what = known ? (FORMATS[known] ?? 'text') : 'text'
  const length = sizeOf(checks, 'characters')
  const matches = description
    ? `: ${cut(description)}`
    : ` that matches ${String((pattern as { pattern?: RegExp } | undefined)?.pattern)}`
  const like = pattern && !known && !isSaid ? matches : ''
  return `${what}${length ? ` of ${length}` : ''}${like}`
}

function describeNumber(checks: readonly Check[]): string {
  const isWhole = checks.some((one) => one.check === 'number_format' && /int/.test(String(one.format)))
  const what = isWhole ? 'a whole number' : 'a number'
  const least = checks.findLast((one) => one.check === 'greater_than')
  const most = checks.findLast((one) => one.check === 'less_than')
  const multiple = checks.find((one) => one.check === 'multiple_of')
  const beyond = multiple ? `, a multiple of ${String(multiple.value)}` : ''
  if (least?.inclusive && most?.inclusive)
    return `${what} from ${String(least.value)} to ${String(most.value)}${beyond}`
  const bounds = [
    least && `${least.inclusive ? 'of at least' : 'above'} ${String(least.value)}`,
    most && `${most.inclusive ? 'at most' : 'below'} ${String(most.value)}`,
  ].filter((one) => one !== undefined)
  return `${what}${bounds.length > 0 ? ` ${bounds.join(' and ')}` : ''}${beyond}`
}

function describeList(def: z.core.$ZodArrayDef, depth: number): string {
  const size = sizeOf(checksOf(def), 'members')
  const each = depth < MOST_DEPTH ? describeSchema(def.element, depth + 1) : 'another value'
  const ofWhat = each === 'another value' ? '' : `, each of them ${each}`
  return `a list${size ? ` of ${size}` : ''}${ofWhat}`
}

function describeObject(def: z.core.$ZodObjectDef): string {
  const all = Object.entries(def.shape)
  if (all.length === 0) return 'an object'
  const isOptional = ([, one]: (typeof all)[number]): boolean => one._zod.optin !== undefined
  const needed = all.filter((one) => !isOptional(one)).map(([name]) => name)
  const others = all.filter(isOptional).map(([name]) => `${name}?`)
  const names = [...needed, ...others]
  const more = names.length > MOST_NAMED ? ', ...' : ''
  return `an object {${names.slice(0, MOST_NAMED).join(', ')}${more}}`
}

/** `1 to 50 members`, `at most 500 characters`; empty for a schema without bounds. */
function sizeOf(checks: readonly Check[], unit: string): string {
  const exact = checks.find((one) => one.check === 'length_equals')
  const least = checks.findLast((one) => one.check === 'min_length')
  const most = checks.findLast((one) => one.check === 'max_length')
  if (exact) return `${exact.length} ${unit}`
  if (least && most) return `${least.minimum} to ${most.maximum} ${unit}`
  if (most) return `at most ${most.maximum} ${unit}`
  return least ? `at least ${least.minimum} ${unit}` : ''
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, MOST_NAMED * 2).map((one) => JSON.stringify(one) ?? String(one))
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(', ')}`
}

const either = (words: readonly string[]): string => [...new Set(words)].join(', or ') || 'another value'
