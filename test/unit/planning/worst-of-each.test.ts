import { expect, it } from 'vitest'
import { type DrawsOfAgent, worstOfEach } from '../../../shared/estimator/worst-of-each.ts'

const draws = (seconds: number, usd: number, more: Partial<DrawsOfAgent> = {}): DrawsOfAgent => ({
  seconds: () => seconds,
  usd: () => usd,
  tokens: () => 10 * usd,
  usdPerSecond: 0,
  failureShare: 0.1,
  basis: 'measured',
  ...more,
})
const figures = (all: readonly DrawsOfAgent[]) =>
  all.map((one) => [one.seconds(Math.random), one.usd(Math.random), one.maxConcurrency, one.basis])

it('leaves a step that names its capability as it is', () => {
  const own = [draws(1, 2), draws(3, 4)]
  expect(worstOfEach([own])).toBe(own)
  expect(worstOfEach([])).toEqual([])
})

it('takes the slowest and the dearest at each turn of the failover, whichever capability is called', () => {
  const fast = [draws(1, 9), draws(5, 1)]
  const slow = [draws(7, 2, { maxConcurrency: 3, basis: 'declared' })]
  const nobody: DrawsOfAgent[] = []
  expect(figures(worstOfEach([fast, slow, nobody]))).toEqual([
    [7, 9, 3, 'assumed'],
    [5, 1, undefined, 'measured'],
  ])
})
