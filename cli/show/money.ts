/** An amount in US dollars, with its significant digits. */
export function usd(amount: number): string {
  if (amount === 0) return '0 USD'
  return amount >= 1 ? `${amount.toFixed(2)} USD` : `${Number(amount.toPrecision(2))} USD`
}
