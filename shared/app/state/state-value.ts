import { OrchestratorError } from '../../domain/errors.ts'
import { describeIssues, type Issue } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { describeNotJson, notJsonIn } from '../../domain/not-json.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import { requireKind } from '../../domain/state/combine.ts'
import { MOST_STATE_BYTES } from '../../domain/state/shared-state.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { schemaOfJson } from '../../workflow/schema-of-json.ts'
import type { StateDefinition } from '../../workflow/state-schema.ts'

/** What is wrong with a value by the schema of its key. Throws as `boundedWork` does. */
export function issuesOfState(key: string, { schema: given }: StateDefinition, value: Json): Issue[] {
  if (given === undefined) return []
  return boundedWork(`the check of state "${key}"`, () => {
    const schema = schemaOfJson(given as JsonObject)
    const parsed = mentionsInherited(given) ? parseOwn(schema, value) : schema.safeParse(value)
    return parsed.success ? [] : issuesOfZod(parsed.error, { schema, value, path: key })
  })
}

/**
 * The value, if the key may have it. Throws InvalidInputError for what is no JSON, does not fit the schema, or cannot be combined by the
 * policy of the key; ContentTooLargeError for what is too large.
 */
export function requireState(key: string, definition: StateDefinition, value: unknown): Json {
  const json = requireStateJson(key, value)
  requireKind(key, definition.conflict, json)
  const bytes = new TextEncoder().encode(JSON.stringify(json)).length
  if (bytes > MOST_STATE_BYTES) {
    const message = `state "${key}" has ${bytes} bytes; a value has at most ${MOST_STATE_BYTES}: write what is large into a file, and keep its reference`
    throw new OrchestratorError('ContentTooLargeError', message, { bytes })
  }
  const issues = issuesOfState(key, definition, json)
  if (issues.length === 0) return json
  const message = `state "${key}" does not fit its schema: ${describeIssues(issues)}`
  throw new OrchestratorError('InvalidInputError', message, { issues })
}

/** Throws InvalidInputError for what is no JSON. */
export function requireStateJson(key: string, value: unknown): Json {
  const found = notJsonIn(value)
  if (!found) return value as Json
  const message = `state "${key}" is what is no JSON: ${describeNotJson(found, 'the value')}`
  throw new OrchestratorError('InvalidInputError', message)
}
