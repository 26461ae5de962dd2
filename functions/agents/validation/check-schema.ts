import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { boundedWork, isOrchestratorError, type Json, OrchestratorError } from 'orchestrator/agent'

/** Others that are given to the same process wait as long. */
const MOST_MILLISECONDS = 10_000

/** Throws InvalidInputError for what is not a JSON Schema, and as `boundedWork` does. */
export function checkSchema(value: Json, schema: Record<string, unknown>) {
  if ('$async' in schema)
    throw new OrchestratorError('InvalidInputError', 'an $async schema cannot be checked here')
  // Ajv passes over it: what is not checked must not be called valid.
  if (JSON.stringify(schema).includes('"__proto__":'))
    throw new OrchestratorError('InvalidInputError', 'a schema cannot speak of a member called __proto__')
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  addFormats.default(ajv)
  let validate: ReturnType<typeof ajv.compile>
  try {
    validate = boundedWork('the schema', () => ajv.compile(schema), MOST_MILLISECONDS)
  } catch (error) {
    if (isOrchestratorError(error)) throw error
    throw new OrchestratorError('InvalidInputError', `not a JSON Schema: ${(error as Error).message}`)
  }
  const valid = boundedWork('the check of the value', () => validate(value) === true, MOST_MILLISECONDS)
  const problems = (validate.errors ?? []).map(({ instancePath, message = 'does not fit' }) => ({
    path: instancePath,
    message,
  }))
  return { valid, checked: 1, problems }
}
