/** A shorter quotation stands in nearly every text. */
export const LEAST_QUOTE = 8

/** Whether a quotation stands in a text word for word; how lines are broken does not count. One of fewer than eight characters has to be the whole text. */
export const isQuotedFrom = (quote: string, text: string): boolean => stands(flat(quote), flat(text))

/** As `isQuotedFrom`, of what is `flat` already: of many quotations and texts each is read once. */
export const stands = (quote: string, text: string): boolean =>
  quote !== '' && quote.length >= Math.min(LEAST_QUOTE, text.length) && text.includes(quote)

export const flat = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim()
