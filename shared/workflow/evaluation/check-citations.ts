import { isJsonObject, type Json } from '../../domain/json.ts'
import { flat, stands } from '../../domain/quotation.ts'
import { shown } from '../../domain/shown.ts'

/** A quotation or a passage, its text as it is compared; either may be named by a number or a source. */
type Part = { text: string; citation?: Json | undefined; source?: Json | undefined }

const MOST_TOLD = 3

/** The share of the quotations that stand in their passage (output-checks/V2); 1 where there are none. */
export function checkCitations({
  quotes,
  passages,
}: {
  quotes: readonly Json[]
  passages: readonly Json[]
}): { score: number; reason?: string } {
  const known = passages.flatMap((one) => partIn(one, 'text') ?? [])
  const unfounded = quotes.filter((one) => {
    const quote = partIn(one, 'quote')
    return !quote || !known.some((passage) => isNamed(quote, passage) && stands(quote.text, passage.text))
  })
  if (unfounded.length === 0) return { score: 1 }
  const told = unfounded.slice(0, MOST_TOLD).map(describe).join(', ')
  const more = unfounded.length > MOST_TOLD ? ', ...' : ''
  return {
    score: 1 - unfounded.length / quotes.length,
    reason: `${unfounded.length} of ${quotes.length} do not stand in their passage: ${told}${more}`,
  }
}

function partIn(value: Json, member: 'quote' | 'text'): Part | undefined {
  if (typeof value === 'string') return { text: flat(value) }
  if (!isJsonObject(value)) return undefined
  const { [member]: text, citation, source } = value
  return typeof text === 'string'
    ? { text: flat(text), citation: citation as Json, source: source as Json }
    : undefined
}

/** A number is a name of its own; where the quotation has none, its source is. */
function isNamed({ citation, source }: Part, passage: Part): boolean {
  if (citation !== undefined) return passage.citation === citation
  return source === undefined || passage.source === source
}

const describe = (quote: Json): string => shown(isJsonObject(quote) ? (quote.quote ?? quote) : quote)
