import { expect, it } from 'vitest'
import { makeSpending } from '../../../shared/app/limits/spending.ts'
import { PRICES } from '../../../shared/estimator/prices.ts'

const spending = () => makeSpending({ perCallUsd: 0.01 }, PRICES)

it('adds up what a call tells: money, and tokens at the price of their model', () => {
  const call = spending()
  expect(call.told()).toEqual({ costUsd: 0.01 })
  call.add({ costUsd: 0.02, tokens: 10 })
  call.add({ model: 'amazon.nova-lite-v1:0', inputTokens: 1_000_000, outputTokens: 1_000_000 })
  expect(call.sum().usd).toBeCloseTo(0.33)
  expect(call.sum().tokens).toBe(2_000_010)
  call.add({ model: 'llama3', inputTokens: 5, outputTokens: 5, costUsd: 0 })
  expect(call.told().tokens).toBe(2_000_020)
})

it('takes neither numbers below zero nor a model without a price', () => {
  const call = spending()
  expect(() => call.add({ costUsd: -1 })).toThrow('costUsd is -1')
  expect(() => call.add({ tokens: Number.NaN })).toThrow('tokens is NaN')
  const unknown = { model: 'llama3', inputTokens: 5, outputTokens: 5 }
  expect(() => call.add(unknown)).toThrow(/llama3: set prices\.models/)
  expect(call.told()).toEqual({ costUsd: 0.01 })
})
