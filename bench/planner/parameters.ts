import { isJsonObject, type Json, type JsonObject } from '../../shared/domain/json.ts'

/** Names of types in Python, Java and JavaScript, as JSON Schema has them; any other is left open. */
const TYPES: Readonly<Record<string, string>> = {
  dict: 'object',
  object: 'object',
  list: 'array',
  array: 'array',
  tuple: 'array',
  float: 'number',
  number: 'number',
  double: 'number',
  integer: 'integer',
  int: 'integer',
  string: 'string',
  boolean: 'boolean',
  bool: 'boolean',
}

/** The parameters of a tool of BFCL as a JSON Schema. */
export function schemaOfParameters(given: unknown): JsonObject {
  if (!isJsonObject(given)) return {}
  const { type, properties, items, required, description, enum: constants } = given
  const right = typeof type === 'string' ? TYPES[type.toLowerCase()] : undefined
  return {
    ...(right === undefined ? {} : { type: right }),
    ...(typeof description === 'string' ? { description } : {}),
    ...(Array.isArray(constants) ? { enum: constants } : {}),
    ...(right === 'array' && items !== undefined ? { items: schemaOfParameters(items) } : {}),
    ...(right === 'object' && isJsonObject(properties) ? objectOf(properties, required) : {}),
  }
}

const objectOf = (properties: JsonObject, required: Json | undefined): JsonObject => ({
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, schemaOfParameters(one)]),
  ),
  ...(Array.isArray(required) && required.length > 0 ? { required } : {}),
  additionalProperties: false,
})
