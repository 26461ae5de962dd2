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

/** Calls AWS; what may pass on a later try (after the SDK's own tries) is thrown as UnavailableError. */
export async function callAws<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof Error) || !mayPass(error)) throw error
    throw new OrchestratorError('UnavailableError', `${error.name}: ${error.message}`, {}, error)
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

type SdkError = Error & { code?: string; $fault?: string; $metadata?: { httpStatusCode?: number } }

function mayPass({ name, code = '', $fault, $metadata }: SdkError): boolean {
  if (PASSING.includes(name) || SOCKET.includes(code)) return true
  return $fault === 'server' || ($metadata?.httpStatusCode ?? 0) >= 500
}
