import * as z from 'zod'
import { readNamed } from '../../../shared/contracts/read-named.ts'
import type { Issue } from '../../../shared/domain/issue.ts'
import { SecretSourceSchema, type SecretSources } from '../../../shared/domain/secret-source.ts'

const [PlaceSchema, FieldSchema] = SecretSourceSchema.options
const OfAnyRelease = z.union([PlaceSchema, z.object(FieldSchema.shape)])

/**
 * Where secrets are kept, as infra has written it, maybe that of a later release (environment/V2): members that are unknown here are passed
 * over, and so is a secret whose place cannot be read, with an issue. Throws ConfigError for what is no JSON object.
 */
export function readSecretSources(text: string): { sources: SecretSources; leftOut: Issue[] } {
  const { read, leftOut } = readNamed(text, { variable: 'SECRETS', what: 'places', schema: OfAnyRelease })
  return { sources: read, leftOut }
}
