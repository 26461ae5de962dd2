import { OrchestratorError } from '../../shared/domain/errors.ts'

/** Names of the services' errors for throttling and other transient limits. */
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
 * Calls AWS. A transient failure that outlasts the SDK's own retries is thrown as UnavailableError; a value that DynamoDB cannot store is
 * thrown as ContentTooLargeError or InvalidInputError, because the sender of the value can correct it.
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

/** The result of `call`, or undefined when it fails with one of the named errors. */
export async function unlessAws<T>(names: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await callAws(call)
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return undefined
    throw error
  }
}

/** Messages of DynamoDB, and of its SDK, which checks numbers before it sends them. */
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
