/**
 * Schemas of zod from JSON Schemas, as `z.toJSONSchema` makes them (draft 2020-12). zod's own `fromJSONSchema` takes all of zod into the bundle (44 KB), and
 * passes over keywords that it does not know; here they are refused, because an answer would look checked.
 */
import * as z from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { nearestNames } from '../domain/nearest-names.ts'
import { ownOf } from '../domain/own.ts'
import { type Convert, KEYWORDS_OF, schemaOfType } from './schema-of-type.ts'

const COMBINED = ['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'not']
/** They say nothing about what is allowed, but for `default`, which stands in for what is left out. */
const ANNOTATIONS = [
  ...[
    '$schema',
    '$id',
    'id',
    '$comment',
    '$anchor',
    '$defs',
    'definitions',
    'title',
    'description',
    'example',
  ],
  ...['default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType'],
]
const UNKNOWN_HERE: Readonly<Record<string, string>> = {
  nullable: "write type: ['string', 'null'], or anyOf with {type: 'null'}",
  additionalItems: 'write the first items as prefixItems, and the others as items',
  ...Object.fromEntries(
    [
      ...['if', 'then', 'else', 'dependentSchemas', 'dependentRequired', 'dependencies', 'contains'],
      ...['minContains', 'maxContains', 'unevaluatedItems', 'unevaluatedProperties', 'contentSchema'],
      ...['$dynamicRef', '$recursiveRef'],
    ].map((name) => [name, 'leave it out, and check it in the agent']),
  ),
}
const TYPED = Object.values(KEYWORDS_OF).flat()
const KNOWN = [...COMBINED, ...TYPED, ...ANNOTATIONS, ...Object.keys(UNKNOWN_HERE)]
/** Annotations of any name are allowed; one that is nearly a keyword of so many letters is a slip. */
const LEAST_LETTERS = 6

/** Throws a TypeError that tells the place of what cannot be checked. */
export function schemaOfJson(root: Json): z.ZodType {
  const referred = new Map<string, z.ZodType | undefined>()

  function refer(reference: string, at: string): z.ZodType {
    if (!referred.has(reference)) {
      const target = targetOf(root, reference, at)
      referred.set(reference, undefined)
      referred.set(reference, convert(target, reference))
    }
    // One that is being converted refers to itself.
    return (
      referred.get(reference) ??
      z.lazy((): z.ZodType => {
        const made = referred.get(reference)
        if (made) return made
        throw new TypeError(`${at} refers to itself`)
      })
    )
  }

  const convert: Convert = (schema, at) => {
    if (typeof schema === 'boolean') return schema ? z.any() : z.never()
    if (!isJsonObject(schema)) throw new TypeError(`${at} is no schema: write an object, true or false`)
    requireKnown(schema, at)
    const { default: standIn, description } = schema
    const all = partsOf(schema, at)
    let whole = all.slice(1).reduce((before, part) => z.intersection(before, part), all[0] ?? z.any())
    if (standIn !== undefined) whole = whole.default(standIn)
    return typeof description === 'string' && description !== '' ? whole.describe(description) : whole
  }

  /** What must all hold. */
  function partsOf(schema: JsonObject, at: string): z.ZodType[] {
    const { $ref, enum: values, const: value, anyOf, oneOf, allOf, not } = schema
    const listed = (name: string, list: Json): z.ZodType[] => {
      if (!Array.isArray(list) || list.length === 0)
        throw new TypeError(`${at}/${name} is no list of schemas`)
      return list.map((one, index) => convert(one, `${at}/${name}/${index}`))
    }
    const parts: z.ZodType[] = []
    if ($ref !== undefined) parts.push(refer(String($ref), at))
    // The values say what the type would.
    if (values !== undefined) parts.push(oneOfValues(values, at))
    else if (value !== undefined) parts.push(z.literal(primitive(value, `${at}/const`)))
    else {
      const target = $ref === undefined ? undefined : targetOf(root, String($ref), at)
      const types = typesOf(schema, target, at).map((one) => schemaOfType(one, schema, at, convert))
      if (types.length > 0) parts.push(types.length === 1 ? (types[0] as z.ZodType) : z.union(types))
    }
    if (anyOf !== undefined) parts.push(z.union(listed('anyOf', anyOf)))
    if (oneOf !== undefined) parts.push(z.xor(listed('oneOf', oneOf)))
    if (allOf !== undefined) parts.push(...listed('allOf', allOf))
    if (not !== undefined) {
      if (!isJsonObject(not) || Object.keys(not).length > 0)
        throw new TypeError(`${at}/not cannot be checked here; only {not: {}}, which allows nothing`)
      parts.push(z.never())
    }
    return parts
  }

  return convert(root, '#')
}

/** Throws for keywords that say what is allowed and would not be held. */
function requireKnown(schema: JsonObject, at: string): void {
  if (schema.required !== undefined && !Array.isArray(schema.required))
    throw new TypeError(
      `${at}/required is no list; write the names of required members into \`required\` of their object`,
    )
  for (const name of Object.keys(schema)) {
    const right = ownOf(UNKNOWN_HERE, name)
    if (right !== undefined) throw new TypeError(`${at}/${name} cannot be checked here; ${right}`)
    if (KNOWN.includes(name) || name.startsWith('x-') || name.length < LEAST_LETTERS) continue
    const [near] = nearestNames(name, KNOWN)
    if (near !== undefined && near.length >= LEAST_LETTERS)
      throw new TypeError(`${at} has "${name}", which is no keyword; did you mean "${near}"?`)
  }
}

/** The types of a schema; beside a reference, keywords of a type hold for the type of what it names. Throws where they would hold for none. */
function typesOf(schema: JsonObject, target: Json | undefined, at: string): Json[] {
  const beside = isJsonObject(target) ? target.type : undefined
  const typed = Object.keys(schema).find((name) => TYPED.includes(name))
  const type = schema.type ?? (typed === undefined ? undefined : beside)
  if (type !== undefined) return Array.isArray(type) ? type : [type]
  if (typed === undefined) return []
  const [right] = Object.entries(KEYWORDS_OF).find(([, names]) => names.includes(typed)) ?? []
  throw new TypeError(`${at} has "${typed}" and no type; write type: '${right}'`)
}

function oneOfValues(values: Json, at: string): z.ZodType {
  if (!Array.isArray(values) || values.length === 0) throw new TypeError(`${at}/enum is no list of values`)
  const all = values.map((value, index) => primitive(value, `${at}/enum/${index}`))
  const texts = all.filter((value) => typeof value === 'string')
  if (texts.length === all.length && all.length > 1) return z.enum(texts)
  return z.literal(all as [z.core.util.Literal, ...z.core.util.Literal[]])
}

function primitive(value: Json, at: string): string | number | boolean | null {
  if (typeof value === 'object' && value !== null)
    throw new TypeError(
      `${at} is a list or an object; only texts, numbers, true, false and null can be compared here`,
    )
  return value
}

/** What a reference within the schema names, as `#` and `#/$defs/name` do. */
function targetOf(root: Json, reference: string, at: string): Json {
  if (!reference.startsWith('#')) throw new TypeError(`${at} refers to ${reference}; only #/... can be read`)
  let found: Json | undefined = root
  for (const part of reference.slice(1).split('/').filter(Boolean)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    found = typeof found === 'object' && found !== null ? ownOf(found as JsonObject, name) : undefined
    if (found === undefined) throw new TypeError(`${at} refers to ${reference}, which is not there`)
  }
  return found
}
