import { AwsError } from '../aws/errors.ts'

/**
 * The bucket and the key that a path names, as it was sent: a URL would make `a/../b` another key. What is authorised and what is
 * done are both read by this.
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
