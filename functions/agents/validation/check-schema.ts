import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { boundedWork, isOrchestratorError, type Json, OrchestratorError } from 'orchestrator/agent'

/** A time limit: validation is synchronous, and blocks the other invocations of this process. */
const MOST_MILLISECONDS = 10_000

/** Throws InvalidInputError for a schema that is not a JSON Schema, and the errors of `boundedWork`. */
export function checkSchema(value: Json, schema: Record<string, unknown>) {
  if ('$async' in schema)
    throw new OrchestratorError('InvalidInputError', 'an $async schema cannot be checked here')
  // Ajv ignores `__proto__`: a value must not be called valid for a keyword that was not checked.
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
