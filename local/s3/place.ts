import { AwsError } from '../aws/errors.ts'

/**
 * The bucket and key of a path exactly as sent: the URL class would turn `a/../b` into another key. Authorization and execution
 * both use this function, so they cannot disagree.
 */
export function placeOf(path: string): { bucket: string; key: string } {
  const [raw = ''] = path.split('?')
  try {
    const [bucket = '', ...rest] = decodeURIComponent(raw).slice(1).split('/')
    return { bucket, key: rest.join('/') }
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI: its escapes are not UTF-8.")
  }
}

const MOST_KEY_BYTES = 1_024

/** Throws KeyTooLongError. */
export function refuseLongKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > MOST_KEY_BYTES)
    throw new AwsError('KeyTooLongError', `Your key is too long: ${bytes} bytes of at most ${MOST_KEY_BYTES}`)
}
