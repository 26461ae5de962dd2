import { OrchestratorError } from 'orchestrator/agent'
import { printNumber } from '../_support/numbers.ts'

/** Longer sums have no `exact` text: an amount of money has fewer digits. */
const MAX_DIGITS = 40

/** A sum of decimals: `exact` is its text where a JavaScript number cannot hold it. */
export type Sum = { value: number; exact: string | undefined }

/**
 * The sum of numbers in decimal arithmetic: 0.1 + 0.2 is 0.3, a million cents add up. An integer that no JavaScript number holds has
 * its digits in `exact`. Throws InvalidInputError for a sum above 1.8e308.
 */
export function exactSum(numbers: Iterable<number | string>): Sum {
  const byScale = new Map<number, bigint>()
  for (const number of numbers) {
    const [whole = '', fraction = ''] = (typeof number === 'number' ? printNumber(number) : number).split('.')
    byScale.set(fraction.length, (byScale.get(fraction.length) ?? 0n) + BigInt(`${whole}${fraction}`))
  }
  const scale = Math.max(0, ...byScale.keys())
  let units = 0n
  for (const [own, sum] of byScale) units += sum * 10n ** BigInt(scale - own)
  const text = written(units, scale)
  const value = Number(text)
  if (!Number.isFinite(value))
    throw new OrchestratorError('InvalidInputError', 'the sum is larger than any number can be')
  const lost = !text.includes('.') && text.length <= MAX_DIGITS && printNumber(value) !== text
  return { value, exact: lost ? text : undefined }
}

/** `units` times 10^-scale as text, without trailing zeros. */
function written(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return fraction ? `${sign}${whole}.${fraction}` : `${sign}${whole}`
}
