/**
 * How large a definition is when it is sent: as the text within the JSON of a request, in which each quote takes one byte more, and with
 * the names in `${...}` filled in. Step Functions takes 1 MB of request, of which the definition is the most.
 */

/** Bytes that a name is filled in with at most: an ARN with the longest prefix and region; of a part, with the longest workflow as well. */
const FUNCTION_OR_TABLE = 100
const PART = 160

/** Names, ARNs and settings beside the definition, and what travels in front of it. */
export const REST_OF_REQUEST_BYTES = 4_000

const encoder = new TextEncoder()
const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/** Bytes of a definition, or of a part of one, in the request that makes a machine of it. */
export function bytesAsSent(definition: object): number {
  const text = JSON.stringify(definition)
  const encoded = encoder.encode(text)
  let bytes = encoded.length
  // By index: a plan of a thousand steps is measured step by step, and then as a whole.
  for (let at = 0; at < encoded.length; at++) {
    if (encoded[at] === QUOTE || encoded[at] === BACKSLASH) bytes += 1
  }
  for (const [place] of text.matchAll(/\$\{\w+\}/g)) {
    bytes += (place.startsWith('${Part') ? PART : FUNCTION_OR_TABLE) - place.length
  }
  return bytes
}
