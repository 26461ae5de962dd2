import { OrchestratorError } from '../../shared/domain/errors.ts'

const THROTTLES = [
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
]
const OUT_OF_REACH = [
  'InternalServerError',
  'ServiceUnavailable',
  'InternalFailure',
  'TimeoutError',
  'ECONNREFUSED',
  'ECONNRESET',
]

/** Calls AWS; what may pass on a later try (after the SDK's own tries) is thrown as UnavailableError. */
export async function callAws<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const code = 'code' in error ? String(error.code) : ''
    const temporary = [...THROTTLES, ...OUT_OF_REACH].some((name) => name === error.name || name === code)
    if (!temporary) throw error
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
