import type * as z from 'zod'
import { zodOfJsonSchema } from '../../agent/given-schema.ts'
import { isOrchestratorError, OrchestratorError } from '../../domain/errors.ts'
import { type Issue, issue } from '../../domain/issue.ts'
import { issuesOfZod } from '../../domain/issues-of-zod.ts'
import type { Json } from '../../domain/json.ts'
import { describeNotJson, isTooDeep, MOST_JSON_LEVELS, notJsonIn } from '../../domain/not-json.ts'
import { mentionsInherited, parseOwn } from '../../domain/parse-own.ts'
import { boundedWork } from '../../workflow/bounded-work.ts'
import { schemaOfJson } from '../../workflow/schema-of-json.ts'
import { parseMeant } from './meant-value.ts'

export type Checked = { value: Json; issues?: undefined } | { issues: Issue[] }
type Check = (value: Json) => Checked

const known = new WeakMap<object, Check>()

/** A check by a JSON Schema, which is read once. Throws ConfigError for a schema that cannot be read; `what` names it. */
export function checkOf(schema: Json, what: string): Check {
  if (typeof schema !== 'object' || schema === null) return makeCheck(schema, what)
  const before = known.get(schema)
  if (before) return before
  const check = makeCheck(schema, what)
  known.set(schema, check)
  return check
}

function makeCheck(given: Json, what: string): Check {
  const own = typeof given === 'object' && given !== null ? zodOfJsonSchema(given) : undefined
  const schema = own ?? readSchema(given, what)
  const isPlain = !mentionsInherited(given)
  return (value) => {
    // Else the value's recursion would be taken for one of the schema.
    if (isTooDeep(value))
      return { issues: [issue('invalid-value', '', `it is nested deeper than ${MOST_JSON_LEVELS} levels`)] }
    return boundedWork(`the check against the schema of ${what}`, () => {
      const parse = (one: Json) => (isPlain ? schema.safeParse(one) : parseOwn(schema, one))
      const parsed = synchronous(what, () => parseMeant(parse, value))
      if (parsed.success) return { value: own ? requireJson(parsed.data, what) : (parsed.data as Json) }
      return { issues: issuesOfZod(parsed.error, { schema, value, what: 'the answer' }) }
    })
  }
}

/** A refinement of an author's own may be asynchronous, which zod finds only when it meets a value. */
function synchronous<T>(what: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('parseAsync'))) throw error
    const message = `the schema of ${what} has an asynchronous refinement or transform: check that where the value is used`
    throw new OrchestratorError('ConfigError', message, {}, error)
  }
}

/** What a schema of zod has parsed is stored and passed on as JSON. Throws ConfigError. */
function requireJson(value: unknown, what: string): Json {
  const found = notJsonIn(value)
  if (!found) return value as Json
  const message = `the schema of ${what} makes of a value what is no JSON: ${describeNotJson(found, 'it')}; transform it where it is used`
  throw new OrchestratorError('ConfigError', message)
}

function readSchema(given: Json, what: string): z.ZodType {
  try {
    return boundedWork(`the schema of ${what}`, () => schemaOfJson(given))
  } catch (error) {
    if (isOrchestratorError(error, 'UnavailableError')) throw error
    const message = `the schema of ${what} is not a JSON Schema that can be checked: ${error instanceof Error ? error.message : String(error)}`
    throw new OrchestratorError('ConfigError', message, {}, error)
  }
}
