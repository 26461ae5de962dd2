import { isJsonObject, type Json, type JsonObject } from '../../../shared/domain/json.ts'
import { isTooDeep } from '../../../shared/domain/not-json.ts'
import type { ModelPart, ModelRequest } from '../../../shared/ports/models.ts'

/** Where a schema is no object's, it becomes the one member of an object: tools and JSON schemas of providers take objects only. */
const MEMBER = 'value'

/** Whether providers take a schema as it is: they refuse alternatives at its top, also beside a type. */
const isObjectSchema = (schema: JsonObject): boolean =>
  schema.type === 'object' && !['anyOf', 'oneOf', 'allOf'].some((keyword) => Object.hasOwn(schema, keyword))

const isWrapped = (schema: Json): boolean => !isJsonObject(schema) || !isObjectSchema(schema)

/** The schema that a provider is given for an answer, or for the arguments of a tool. */
export function objectSchema(schema: Json): JsonObject {
  if (!isJsonObject(schema)) return objectOf({})
  if (isObjectSchema(schema)) return schema
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

/**
 * The answer, or the arguments, in what a provider has made by `objectSchema`. A model may have given them as they are, and they may have a
 * member of that name beside others.
 */
export const answerIn = (schema: Json, made: Json): Json =>
  isWrapped(schema) && isJsonObject(made) && Object.keys(made).join() === MEMBER
    ? (made[MEMBER] ?? null)
    : made

/** The request with the tools, and the calls of them so far, as providers take them; `ownArguments` is the way back. */
export function withObjectTools(request: ModelRequest): ModelRequest {
  const { tools = [], messages } = request
  const wrapped = new Set(tools.flatMap(({ name, schema }) => (isWrapped(schema) ? [name] : [])))
  if (wrapped.size === 0) return request
  const sent = (part: ModelPart): ModelPart =>
    part.kind === 'tool-call' && wrapped.has(part.name) ? { ...part, input: { [MEMBER]: part.input } } : part
  return {
    ...request,
    tools: tools.map((tool) => ({ ...tool, schema: objectSchema(tool.schema) })),
    messages: messages.map((message) => ({ ...message, parts: message.parts.map(sent) })),
  }
}

/** A part of an answer with the arguments that the schema of its tool means. */
export function ownArguments(part: ModelPart, { tools = [] }: Pick<ModelRequest, 'tools'>): ModelPart {
  if (part.kind !== 'tool-call') return part
  const tool = tools.find(({ name }) => name === part.name)
  return tool ? { ...part, input: answerIn(tool.schema, part.input) } : part
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
