/** A shorter quotation stands in nearly every text. */
export const LEAST_QUOTE = 8

/** Whether a quotation stands in a text word for word; how lines are broken does not count. One of fewer than eight characters has to be the whole text. */
export function isQuotedFrom(quote: string, text: string): boolean {
  const words = flat(quote)
  const whole = flat(text)
  return words !== '' && words.length >= Math.min(LEAST_QUOTE, whole.length) && whole.includes(words)
}

const flat = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim()
