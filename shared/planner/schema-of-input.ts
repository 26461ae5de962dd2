import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'

const MOST_DEPTH = 6

/**
 * The JSON Schema of the input that a task brings along, so that a plan which reads what is not there is found. A planned workflow may be
 * submitted again with another input of the same shape.
 */
export function schemaOfInput(input: JsonObject | undefined): JsonObject {
  return schemaOf(input ?? {}, 0)
}

function schemaOf(value: Json, depth: number): JsonObject {
  if (depth >= MOST_DEPTH || value === null) return {}
  if (Array.isArray(value)) {
    const [first, ...others] = value.map((one) => JSON.stringify(schemaOf(one, depth + 1)))
    // A list whose items differ is a list of anything.
    return first !== undefined && others.every((one) => one === first)
      ? { type: 'array', items: JSON.parse(first) as JsonObject }
      : { type: 'array' }
  }
  if (!isJsonObject(value)) return { type: typeof value }
  // What a file is taken for, a text or rows, is for the agent to say.
  if (Object.hasOwn(value, '$file')) return {}
  const properties = Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, schemaOf(one, depth + 1)]),
  )
  const required = Object.keys(properties)
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}
