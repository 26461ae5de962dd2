import type * as z from 'zod'
import { OrchestratorError } from '../domain/errors.ts'
import type { Issue } from '../domain/issue.ts'
import { issuesOfZod } from '../domain/issues-of-zod.ts'
import { isJsonObject } from '../domain/json.ts'

/**
 * A variable that infra writes as a JSON object of members by name, maybe that of a later release (environment/V2): a member that cannot be read is left out,
 * with its issues. `what` names the members in the ConfigError that is thrown for what is no JSON object.
 */
export function readNamed<T>(
  text: string,
  { variable, what, schema }: { variable: string; what: string; schema: z.ZodType<T> },
): { read: Record<string, T>; leftOut: Issue[] } {
  const value = parsed(text)
  if (!isJsonObject(value))
    throw new OrchestratorError(
      'ConfigError',
      `the variable ${variable} is ${text.slice(0, 200)}; it must be a JSON object of ${what} by name`,
    )
  const read: Record<string, T> = {}
  const leftOut: Issue[] = []
  for (const [name, given] of Object.entries(value)) {
    const one = schema.safeParse(given)
    if (one.success) read[name] = one.data
    else leftOut.push(...issuesOfZod(one.error, { schema, value: given }).map(under(name)))
  }
  return { read, leftOut }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const under =
  (name: string) =>
  (one: Issue): Issue => ({ ...one, path: one.path === '' ? name : `${name}.${one.path}` })
