import * as z from 'zod'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Issue } from '../../../shared/domain/issue.ts'
import { issuesOfZod } from '../../../shared/domain/issues-of-zod.ts'
import { isJsonObject } from '../../../shared/domain/json.ts'
import {
  type SecretSource,
  SecretSourceSchema,
  type SecretSources,
} from '../../../shared/domain/secret-source.ts'

const [PlaceSchema, FieldSchema] = SecretSourceSchema.options
const OfAnyRelease = z.union([PlaceSchema, z.object(FieldSchema.shape)])

/**
 * Where secrets are kept, as infra has written it, maybe that of a later release (environment/V2): members that are unknown here are passed
 * over, and so is a secret whose place cannot be read, with an issue. Throws ConfigError for what is no JSON object.
 */
export function readSecretSources(text: string): { sources: SecretSources; leftOut: Issue[] } {
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value))
    throw new OrchestratorError(
      'ConfigError',
      `the variable SECRETS is ${text.slice(0, 200)}; it must be a JSON object of places by name`,
    )
  const sources: Record<string, SecretSource> = {}
  const leftOut: Issue[] = []
  for (const [name, given] of Object.entries(value)) {
    const parsed = OfAnyRelease.safeParse(given)
    if (parsed.success) sources[name] = parsed.data
    else leftOut.push(...issuesOfZod(parsed.error, { schema: OfAnyRelease, value: given }).map(under(name)))
  }
  return { sources, leftOut }
}

const under =
  (name: string) =>
  (one: Issue): Issue => ({ ...one, path: one.path === '' ? name : `${name}.${one.path}` })
