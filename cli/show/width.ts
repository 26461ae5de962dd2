import { createRequire } from 'node:module'
import { stripVTControlCharacters } from 'node:util'

type WidthOf = (text: string) => number

/** Printable ASCII: each character is a column. */
const PLAIN = /^[\x20-\x7e]*$/
let measure: WidthOf | undefined

/**
 * The columns that a terminal takes for a text, without its escape codes. Most calls print ASCII alone: what knows emoji and East Asian
 * widths is loaded for the first other text, because loading it takes a tenth of a call.
 */
export function stringWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  const bare = stripVTControlCharacters(text)
  if (PLAIN.test(bare)) return bare.length
  measure ??= (createRequire(import.meta.url)('string-width') as typeof import('string-width')).default
  return measure(text)
}
