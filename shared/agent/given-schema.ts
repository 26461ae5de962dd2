import * as z from 'zod'
import { OrchestratorError } from '../domain/errors.ts'
import { isJsonObject, type Json } from '../domain/json.ts'
import { shown } from '../domain/shown.ts'

/**
 * A schema of any zod 4.x: a project may have another minor version than this package, whose classes are distinct
 * types.
 */
export type Zod4Schema = { readonly _zod: { readonly input: unknown; readonly output: unknown } }

/** A schema of zod 3 has `_def`: here it is an error of types. */
type NoZod = { readonly _zod?: never; readonly _def?: never }
/** A JSON Schema (draft 2020-12): of any interface, or a literal. */
type JsonSchemaObject = (object & NoZod) | (NoZod & { readonly [keyword: string]: unknown })

/** What the answer of a model, or the input of a tool, must be: a schema of zod 4, or a JSON Schema. */
export type GivenSchema = Zod4Schema | JsonSchemaObject

/** Recognizes schemas of any copy of zod 4; `instanceof` would recognize only those of this package's copy. */
export const isZod4 = (schema: unknown): schema is z.ZodType =>
  typeof schema === 'object' &&
  schema !== null &&
  '_zod' in schema &&
  'safeParse' in schema &&
  typeof schema.safeParse === 'function'

/** What a value is that should be a schema of zod 4, in words. */
export function kindOfSchema(schema: unknown): string {
  if (typeof schema === 'function' && '~standard' in schema) return 'a schema of another library'
  if (typeof schema !== 'object' || schema === null) return shown(schema)
  if ('_zod' in schema) return 'a schema of zod/mini'
  if ('_def' in schema) return 'a schema of zod 3 (or of zod/v3)'
  return isForeign(schema) ? 'a schema of another library' : shown(schema)
}

const converted = new WeakMap<object, Json>()
const origins = new WeakMap<object, z.ZodType>()

/**
 * The JSON Schema of what an author gives for the answer of a model or the input of a tool: the same object for the same schema. Throws
 * ConfigError for what is neither a schema of zod 4 nor a JSON Schema; `what` names it.
 */
export function jsonSchemaOf(given: unknown, what: string): Json {
  if (isZod4(given)) {
    const known = converted.get(given)
    if (known !== undefined) return known
    const { $schema: _, ...json } = toldSchema(given, what)
    converted.set(given, json)
    origins.set(json, given)
    return json
  }
  const isJsonSchema = typeof given === 'boolean' || (isPlainObject(given) && !isForeign(given))
  // What else is no JSON in it is found where it is read.
  if (isJsonSchema) return given as Json
  const message = `the schema of ${what} is ${kindOfSchema(given)}; it must be a schema of zod 4, or a JSON Schema, which other libraries make of theirs`
  throw new OrchestratorError('ConfigError', message)
}

/**
 * What a model is told to give, so that the schema takes it: of what is coerced, the type that it becomes. Throws ConfigError with the places of
 * what no JSON can be, or becomes: a model would be refused whatever it gives, and its author would see why only by a paid call.
 */
function toldSchema(schema: z.ZodType, what: string): Record<string, Json> {
  const never = [...placesOfNoJson(schema, 'input'), ...placesOfNoJson(schema, 'output')]
  const places = [...new Set(never)].slice(0, MOST_PLACES)
  if (places.length > 0) {
    const message = `the schema of ${what} has what is no JSON: ${places.join(', ')}; take a text or a number, such as z.iso.datetime(), and make of it what you need where it is used`
    throw new OrchestratorError('ConfigError', message)
  }
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema: { _zod }, jsonSchema }) {
      const { type } = _zod.def
      if (type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
      if (type === 'bigint') Object.assign(jsonSchema, { type: 'integer' })
    },
  }) as Record<string, Json>
}

const MOST_PLACES = 5

/** Where a schema takes (`input`) or makes (`output`) nothing but what is no JSON, each with its kind. */
function placesOfNoJson(schema: z.ZodType, io: 'input' | 'output'): string[] {
  const found: { schema: z.core.$ZodType; path: readonly (string | number)[]; type: string }[] = []
  // JSON may come by another way: an alternative; a transform before it or a value in its place, at this path.
  const alternatives = new Set<z.core.$ZodType>()
  const replaced = new Set<string>()
  z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema, path }) {
      const { def } = (zodSchema as z.core.$ZodTypes)._zod
      const isCoerced = 'coerce' in def && def.coerce === true
      if (NO_JSON.includes(def.type) && !(isCoerced && io === 'input'))
        found.push({ schema: zodSchema, path: [...path], type: def.type })
      if (def.type === 'union') for (const option of def.options) alternatives.add(option)
      if (def.type === 'catch' || (io === 'input' && def.type === 'pipe' && readsAnything(zodSchema)))
        replaced.add(path.join('/'))
    },
  })
  return found.flatMap((one) => {
    const isReplaced = one.path.some((_, at) => replaced.has(one.path.slice(0, at).join('/')))
    return alternatives.has(one.schema) || isReplaced || replaced.has(one.path.join('/'))
      ? []
      : [`${placeOf(one.path)} (${one.type})`]
  })
}

const NO_JSON: readonly string[] = ['date', 'bigint', 'map', 'set', 'symbol', 'nan', 'function', 'promise']

/** A path within a JSON Schema as one within the value: `properties/a/items` is `a[]`. */
function placeOf(path: readonly (string | number)[]): string {
  let place = ''
  for (let at = 0; at < path.length; at++) {
    if (path[at] === 'properties') place += `${place === '' ? '' : '.'}${path[++at]}`
    else if (path[at] === 'items') place += '[]'
  }
  return place === '' ? 'the whole' : place
}

/** The schema of zod of which `jsonSchemaOf` has made this JSON Schema; it may check more than a JSON Schema can say. */
export const zodOfJsonSchema = (json: object): z.ZodType | undefined => origins.get(json)

/** `z.toJSONSchema` marks what it makes, too, but not enumerably. */
const isForeign = (schema: object): boolean =>
  '_def' in schema || '_zod' in schema || Object.keys(schema).includes('~standard')

function isPlainObject(value: unknown): value is object {
  if (!isJsonObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** What a schema of zod takes (`input`) or gives, as a JSON Schema; what that cannot say, allows anything. */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, Json> {
  const override: NonNullable<z.core.ToJSONSchemaParams['override']> = ({ zodSchema, jsonSchema }) => {
    if (io === 'output') return
    if (readsAnything(zodSchema))
      for (const keyword of Object.keys(jsonSchema)) if (!SAID.includes(keyword)) delete jsonSchema[keyword]
    const { def } = zodSchema._zod
    if (def.type !== 'object' || !jsonSchema.required) return
    const shape: Readonly<Record<string, z.core.$ZodType>> = def.shape
    jsonSchema.required = jsonSchema.required.filter((name) => !shape[name] || !readsAnything(shape[name]))
  }
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline', override }) as Record<
    string,
    Json
  >
}

/** JSON Schema keywords that describe a value but do not restrict it. */
const SAID = ['title', 'description', 'default', 'examples']

/** Whether a schema coerces or transforms other types: zod's JSON Schema describes only the parsed value then. */
function readsAnything(given: z.core.$ZodType): boolean {
  const { def } = (given as z.core.$ZodTypes)._zod
  if ('coerce' in def && def.coerce) return true
  if (def.type === 'catch') return true
  return def.type === 'pipe' && (def.in as z.core.$ZodTypes)._zod.def.type === 'transform'
}
