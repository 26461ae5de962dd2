import { callAws } from '../aws-errors.ts'

const MISSING = ['NoSuchKey', 'NotFound']
const FORBIDDEN = 403
/**
 * Error names of S3 for a forbidden object; the SDK calls a 403 without a body (HEAD) `Unknown`. Other 403s, about
 * credentials or the clock, are thrown.
 */
const NOT_ALLOWED = ['AccessDenied', 'Forbidden', 'Unknown']

type S3Error = Error & { $metadata?: { httpStatusCode?: number } }

/**
 * S3's answer for an object, or undefined when there is none. Without permission to list the whole bucket, S3 answers
 * 403 instead of 404 for a missing object. The functions may read every key that they ask for, so a 403 always means
 * that the object is missing.
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
