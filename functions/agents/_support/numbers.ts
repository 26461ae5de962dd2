/** A decimal number as people write it: no plus sign, no leading zero, no exponent, no thousands separator. */
export const PLAIN_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/

/** A number written out, without an exponent, with at least so many decimals: what spreadsheets and people read. */
export function printNumber(value: number, decimals = 0): string {
  const text = writtenOut(String(value))
  if (decimals === 0) return text
  const [whole = '', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(decimals, '0')}`
}

/** `1.5e-7` is 0.00000015, and `1e+21` has its zeros. */
function writtenOut(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? []
  if (exponent === undefined) return text
  const digits = `${whole}${fraction}`
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}
