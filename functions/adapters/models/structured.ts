import { isJsonObject, type Json, type JsonObject } from '../../../shared/domain/json.ts'
import { isTooDeep } from '../../../shared/domain/not-json.ts'

/** Where a schema is no object's, it becomes the one member of an object: tools and JSON schemas of providers take objects only. */
const MEMBER = 'value'

/** The schema that a provider is given for an answer. */
export function objectSchema(schema: Json): JsonObject {
  if (!isJsonObject(schema)) return objectOf({})
  if (schema.type === 'object') return schema
  // References name definitions from the root.
  const { $defs, definitions, ...rest } = schema
  return {
    ...objectOf(rest),
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
  }
}

const objectOf = (schema: JsonObject): JsonObject => ({
  type: 'object',
  properties: { [MEMBER]: schema },
  required: [MEMBER],
  additionalProperties: false,
})

/** The answer in what a provider has made by `objectSchema`. */
export function answerIn(schema: Json, made: Json): Json {
  const isWrapped = !isJsonObject(schema) || schema.type !== 'object'
  return isWrapped && isJsonObject(made) && Object.hasOwn(made, MEMBER) ? (made[MEMBER] ?? null) : made
}

/** Whether every object of a schema names all its members as required and allows no others: providers enforce such schemas strictly. */
export function isClosed(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isClosed)
  if (!isJsonObject(schema)) return true
  const { type, properties, required, additionalProperties } = schema
  if (type === 'object') {
    const names = isJsonObject(properties) ? Object.keys(properties) : []
    if (additionalProperties !== false || !Array.isArray(required)) return false
    if (!names.every((name) => required.includes(name))) return false
  }
  return Object.values(schema).every(isClosed)
}

/** What a model is told where its provider has no form for structured answers. */
export const instructionFor = (schema: Json): string =>
  `Answer with JSON alone: no other text before or after it, no fence. It must fit this JSON Schema:\n${JSON.stringify(schema)}`

/** Ends a model's thoughts, whose beginning some servers leave out. */
const THOUGHT = '</think>'

/** The JSON in an answer's text, without the model's thoughts, fences and words around it; undefined where there is none. */
export function jsonIn(text: string): Json | undefined {
  const said = text
    .slice(text.lastIndexOf(THOUGHT) < 0 ? 0 : text.lastIndexOf(THOUGHT) + THOUGHT.length)
    .trim()
  const fenced = /```[a-z0-9]*[^\S\n]*\n([\s\S]*?)\n?[^\S\n]*```/i.exec(said)?.[1]
  const [open, close] = [said.search(/[[{]/), Math.max(said.lastIndexOf('}'), said.lastIndexOf(']'))]
  const candidates = [said, fenced, open < 0 || close < open ? undefined : said.slice(open, close + 1)]
  for (const candidate of candidates) {
    const value = candidate === undefined ? undefined : parsed(candidate)
    if (value !== undefined) return value
  }
  return undefined
}

/** A tool's arguments: their text where they are no JSON, or nested too deeply, so that the model can be told. */
export const argumentsIn = (text: string): Json => (text.trim() === '' ? {} : (parsed(text) ?? text))

function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isTooDeep(value) ? undefined : value
  } catch {
    return undefined
  }
}
