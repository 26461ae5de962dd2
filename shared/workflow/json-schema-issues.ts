import * as z from 'zod'
import { isOrchestratorError } from '../domain/errors.ts'
import { type Issue, issue } from '../domain/issue.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { boundedWork } from './bounded-work.ts'
import { reasonOf } from './expressions.ts'

/** Keywords that apply only to values of one type; without that `type` they would be silently ignored. */
const BELONG_TO: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems', 'prefixItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
}

type Read = (schema: JsonObject) => unknown

/** Issues of a JSON Schema itself: keywords that would be ignored, or an invalid schema. `read` is what values are checked by later. */
export function issuesOfJsonSchema(
  schema: unknown,
  path: string,
  read: Read = (one) => z.fromJSONSchema(one),
): Issue[] {
  const issues = issuesOfKeywords(schema, path)
  try {
    boundedWork(`the schema at "${path}"`, () => read(schema as JsonObject))
    return issues
  } catch (error) {
    // The process is too busy, which says nothing about the schema.
    if (isOrchestratorError(error, 'UnavailableError')) throw error
    if (issues.length > 0) return issues
    return [badSchema(path, `not a JSON Schema we can check: ${reasonOf(error)}`)]
  }
}

function issuesOfKeywords(schema: unknown, path: string): Issue[] {
  if (!isJsonObject(schema)) return []
  const types = [schema.type].flat().map((type) => (type === 'integer' ? 'number' : type))
  const ignored = Object.entries(BELONG_TO).flatMap(([type, keywords]) =>
    types.includes(type)
      ? []
      : keywords.filter((keyword) => keyword in schema).map((keyword) => ({ keyword, type })),
  )
  const properties = isJsonObject(schema.properties) ? schema.properties : {}
  const undeclared = Array.isArray(schema.required)
    ? schema.required.filter((name) => !Object.hasOwn(properties, String(name)))
    : []
  return [
    ...ignored.map(({ keyword, type }) =>
      badSchema(path, `"${keyword}" says nothing without "type: ${type}"`),
    ),
    ...undeclared.map((name) =>
      badSchema(path, `"${name}" is required but not among the properties; declare it, if only as {}`),
    ),
    ...Object.entries(properties).flatMap(([name, inner]) =>
      issuesOfKeywords(inner, `${path}.properties.${name}`),
    ),
    ...issuesOfKeywords(schema.items, `${path}.items`),
    ...['anyOf', 'oneOf', 'allOf'].flatMap((keyword) =>
      Array.isArray(schema[keyword])
        ? (schema[keyword] as unknown[]).flatMap((inner, index) =>
            issuesOfKeywords(inner, `${path}.${keyword}[${index}]`),
          )
        : [],
    ),
  ]
}

const badSchema = (path: string, message: string): Issue => issue('bad-schema', path, message)
