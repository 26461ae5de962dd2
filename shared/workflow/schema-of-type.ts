/** The keywords of JSON Schema that hold for one type. */
import * as z from 'zod'
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { ownOf } from '../domain/own.ts'

/** Converts a part of a schema; `at` is its place, as `#/properties/name`. */
export type Convert = (schema: Json | undefined, at: string) => z.ZodType

export const KEYWORDS_OF: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  object: [
    ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
    ...['minProperties', 'maxProperties'],
  ],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
}

export function schemaOfType(type: Json, schema: JsonObject, at: string, convert: Convert): z.ZodType {
  switch (type) {
    case 'string':
      return textOf(schema, at)
    case 'number':
      return numberOf(z.number(), schema, at)
    case 'integer':
      return numberOf(z.number().int(), schema, at)
    case 'boolean':
      return z.boolean()
    case 'null':
      return z.null()
    case 'object':
      return objectOf(schema, at, convert)
    case 'array':
      return listOf(schema, at, convert)
    default:
      throw new TypeError(`${at}/type is ${JSON.stringify(type)}; it must be one of JSON's types`)
  }
}

/** The number under a keyword. */
function numberAt(schema: JsonObject, name: string, at: string): number | undefined {
  const value = schema[name]
  if (value === undefined || typeof value === 'number') return value
  throw new TypeError(`${at}/${name} is ${JSON.stringify(value)}; it must be a number`)
}

/** Formats that `z.toJSONSchema` writes; others are notes, as the standard has it. */
const FORMATS: Readonly<Record<string, () => z.core.$ZodCheck<string>>> = {
  email: () => z.email(),
  uri: () => z.url(),
  uuid: () => z.uuid(),
  guid: () => z.uuid(),
  'date-time': () => z.iso.datetime({ offset: true }),
  date: () => z.iso.date(),
  duration: () => z.iso.duration(),
  ipv4: () => z.ipv4(),
  ipv6: () => z.ipv6(),
}

function textOf(schema: JsonObject, at: string): z.ZodType {
  const { format, pattern } = schema
  const [least, most] = [numberAt(schema, 'minLength', at), numberAt(schema, 'maxLength', at)]
  const check = typeof format === 'string' ? ownOf(FORMATS, format) : undefined
  let text = z.string()
  if (check) text = text.check(check())
  if (least !== undefined) text = text.min(least)
  if (most !== undefined) text = text.max(most)
  return pattern === undefined ? text : text.regex(expressionOf(String(pattern), `${at}/pattern`))
}

function expressionOf(pattern: string, at: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch (error) {
    throw new TypeError(`${at} is no regular expression: ${String(error)}`)
  }
}

function numberOf(base: z.ZodNumber, schema: JsonObject, at: string): z.ZodType {
  const [least, most, above, below, step] = (KEYWORDS_OF.number ?? []).map((name) =>
    numberAt(schema, name, at),
  )
  let number = base
  if (least !== undefined) number = number.min(least)
  if (most !== undefined) number = number.max(most)
  if (above !== undefined) number = number.gt(above)
  if (below !== undefined) number = number.lt(below)
  return step === undefined ? number : number.multipleOf(step)
}

function objectOf(schema: JsonObject, at: string, convert: Convert): z.ZodType {
  const { properties = {}, required = [], patternProperties, additionalProperties: others = true } = schema
  if (!isJsonObject(properties)) throw new TypeError(`${at}/properties is no object`)
  if (!Array.isArray(required)) throw new TypeError(`${at}/required is no list of names`)
  const names = new Set([...Object.keys(properties), ...required.map(String)])
  const shape = Object.fromEntries(
    [...names].map((name) => {
      const given = ownOf(properties, name) ?? true
      const member = convert(given, `${at}/properties/${name}`)
      return [name, required.includes(name) ? present(member) : member.optional()]
    }),
  )
  const object = z.object(shape)
  const base =
    patternProperties !== undefined || others === true
      ? object.loose()
      : others === false
        ? object.strict()
        : object.catchall(convert(others, `${at}/additionalProperties`))
  const checks = [...memberChecks(schema, names, at, convert), ...countChecks(schema, at)]
  return checks.reduce<z.ZodType>((before, check) => before.superRefine(check), base)
}

/** zod takes what is left out for a value of `any`. */
const present = (member: z.ZodType): z.ZodType =>
  member._zod.def.type === 'any' ? member.refine((value) => value !== undefined, 'is missing') : member

type Check = (value: unknown, context: z.core.$RefinementCtx) => void

/** By `patternProperties` and `propertyNames`. */
function memberChecks(schema: JsonObject, names: ReadonlySet<string>, at: string, convert: Convert): Check[] {
  const { patternProperties, propertyNames, additionalProperties: others = true } = schema
  const checks: Check[] = []
  const tell = (context: z.core.$RefinementCtx, name: string, { issues }: z.ZodError): void => {
    for (const issue of issues)
      context.issues.push({ ...issue, input: undefined, path: [name, ...issue.path] } as z.core.$ZodRawIssue)
  }
  if (propertyNames !== undefined && propertyNames !== true) {
    const given = isJsonObject(propertyNames) ? { type: 'string', ...propertyNames } : propertyNames
    const name = convert(given, `${at}/propertyNames`)
    checks.push((value, context) => {
      for (const key of Object.keys(value as object)) {
        const parsed = name.safeParse(key)
        if (!parsed.success) tell(context, key, parsed.error)
      }
    })
  }
  if (patternProperties === undefined) return checks
  const patterns = Object.entries(patternProperties as JsonObject).map(([pattern, member]) => {
    const place = `${at}/patternProperties/${pattern}`
    return { expression: expressionOf(pattern, place), member: convert(member, place) }
  })
  const rest = convert(others, `${at}/additionalProperties`)
  checks.push((value, context) => {
    for (const [key, member] of Object.entries(value as object)) {
      const fitting = patterns.filter(({ expression }) => expression.test(key)).map((one) => one.member)
      for (const check of fitting.length > 0 || names.has(key) ? fitting : [rest]) {
        const parsed = check.safeParse(member)
        if (!parsed.success) tell(context, key, parsed.error)
      }
    }
  })
  return checks
}

function countChecks(schema: JsonObject, at: string): Check[] {
  const [least = 0, most = Number.POSITIVE_INFINITY] = ['minProperties', 'maxProperties'].map((name) =>
    numberAt(schema, name, at),
  )
  if (least === 0 && most === Number.POSITIVE_INFINITY) return []
  return [
    (value, context) => {
      const count = Object.keys(value as object).length
      if (count < least) context.addIssue(`has ${count} members; it must have at least ${least}`)
      if (count > most) context.addIssue(`has ${count} members; it may have at most ${most}`)
    },
  ]
}

function listOf(schema: JsonObject, at: string, convert: Convert): z.ZodType {
  const { prefixItems, items = true, uniqueItems } = schema
  const [least, most] = [numberAt(schema, 'minItems', at), numberAt(schema, 'maxItems', at)]
  if (Array.isArray(items)) throw new TypeError(`${at}/items is a list; write it as prefixItems`)
  const others = items === false && prefixItems ? undefined : convert(items, `${at}/items`)
  const first = prefixItems === undefined ? [] : (prefixItems as Json[])
  let list: z.ZodType
  if (first.length > 0) {
    const members = first.map((one, index) => convert(one, `${at}/prefixItems/${index}`))
    const tuple = z.tuple(
      members.map((one, index) => (index < (least ?? 0) ? one : one.optional())) as [z.ZodType],
    )
    list = others ? tuple.rest(others) : tuple
  } else list = z.array(others ?? z.never())
  if (least !== undefined) list = list.check(z.minLength(least))
  if (most !== undefined) list = list.check(z.maxLength(most))
  if (uniqueItems !== true) return list
  return list.refine(
    (members) => new Set((members as unknown[]).map(canonicalJson)).size === (members as unknown[]).length,
    'has equal members; each may be there once',
  )
}
