import { OrchestratorError } from '../../shared/domain/errors.ts'

/** Limits that pass with time, under the names that the services give them. */
const PASSING = [
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'ExecutionLimitExceeded',
  'SlowDown',
  'RequestTimeout',
  'TimeoutError',
]
const SOCKET = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']

/**
 * Calls AWS; what may pass on a later try (after the SDK's own tries) is thrown as UnavailableError, and a value that DynamoDB
 * cannot keep as ContentTooLargeError or InvalidInputError: who sent it can mend it.
 */
export async function callAws<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const name = mayPass(error) ? 'UnavailableError' : nameOfUnfit(error)
    throw name ? new OrchestratorError(name, `${error.name}: ${error.message}`, {}, error) : error
  }
}

/** What `call` answers, or undefined when it fails with one of the named errors. */
export async function unlessAws<T>(names: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await callAws(call)
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return undefined
    throw error
  }
}

/** DynamoDB's own words, and those of its SDK, which looks at numbers first. */
function nameOfUnfit({ name, message }: Error): 'ContentTooLargeError' | 'InvalidInputError' | undefined {
  if (name === 'ValidationException' && /^Item size .*maximum allowed size/.test(message))
    return 'ContentTooLargeError'
  const isNumber =
    /^Number (over|under)flow|^Attempting to store more than 38 significant digits/.test(message) ||
    /^Special numeric value|is greater than Number\.MAX_SAFE_INTEGER|is lesser than Number\.MIN_SAFE_INTEGER/.test(
      message,
    )
  return isNumber ? 'InvalidInputError' : undefined
}

type SdkError = Error & { code?: string; $fault?: string; $metadata?: { httpStatusCode?: number } }

function mayPass({ name, code = '', $fault, $metadata }: SdkError): boolean {
  if (PASSING.includes(name) || SOCKET.includes(code)) return true
  return $fault === 'server' || ($metadata?.httpStatusCode ?? 0) >= 500
}
