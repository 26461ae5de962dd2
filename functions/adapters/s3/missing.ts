import { callAws } from '../aws-errors.ts'

const MISSING = ['NoSuchKey', 'NotFound']
const FORBIDDEN = 403
/** By S3's own word; an answer to HEAD has none. What is wrong with the credentials or the clock has other words, and passes. */
const NOT_ALLOWED = ['AccessDenied', 'Forbidden', 'Unknown']

type S3Error = Error & { $metadata?: { httpStatusCode?: number } }

/**
 * What S3 answers of an object, or undefined when it is not there. Without the right to list the whole bucket S3 answers 403 for a
 * missing object as for a forbidden one, also where some prefixes may be listed; our functions may read every key that they ask
 * for, so both mean the same here.
 */
export async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await callAws(call)
  } catch (error) {
    const { name, $metadata } = error as S3Error
    const isForbidden = $metadata?.httpStatusCode === FORBIDDEN && NOT_ALLOWED.includes(name)
    if (MISSING.includes(name) || isForbidden) return undefined
    throw error
  }
}
