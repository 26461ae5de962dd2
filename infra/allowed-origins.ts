import * as z from 'zod'

const RIGHT_ORIGINS = 'origins of pages, e.g. [https://app.example.com]; only in the file'
const RIGHT_ORIGIN =
  'an origin is https:// and a name in small letters, with its port where it is not 443, and nothing after it, e.g. https://app.example.com; http:// only for localhost'
const NOT_ALL = 'each origin is named: a page of any origin could act for whoever opens it'

/** A sanity limit; API Gateway allows a hundred. */
const MOST_ORIGINS = 50

/**
 * Origins as browsers send them, so that they are compared as text. Wildcards are refused: the local cloud asks for no
 * signature, and would obey every page.
 */
export const OriginsSchema = z
  .array(
    z
      .string({ error: RIGHT_ORIGIN })
      .refine((origin) => !origin.includes('*'), { error: NOT_ALL, abort: true })
      .refine(isOrigin, RIGHT_ORIGIN),
    { error: RIGHT_ORIGINS },
  )
  .max(MOST_ORIGINS, `at most ${MOST_ORIGINS} origins`)

const LOCAL = ['localhost', '127.0.0.1', '[::1]']

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && LOCAL.includes(hostname)))
}
