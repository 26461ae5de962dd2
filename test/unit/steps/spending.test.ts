import { expect, it } from 'vitest'
import { costOf } from '../../../shared/app/limits/cost-of-steps.ts'
import { makeSpending } from '../../../shared/app/limits/spending.ts'
import { PRICES } from '../../../shared/estimator/prices.ts'

const spending = () => makeSpending({ perCallUsd: 0.01 }, PRICES)

it('adds up the reported money, and tokens at the price of their model', () => {
  const call = spending()
  expect(call.told()).toEqual({ costUsd: 0.01 })
  call.add({ costUsd: 0.02, tokens: 10 })
  call.add({ model: 'amazon.nova-lite-v1:0', inputTokens: 1_000_000, outputTokens: 1_000_000 })
  expect(call.sum().usd).toBeCloseTo(0.33)
  expect(call.sum().tokens).toBe(2_000_010)
  call.add({ model: 'llama3', inputTokens: 5, outputTokens: 5, costUsd: 0 })
  expect(call.told().tokens).toBe(2_000_020)
})

it('counts the tokens of a model without a price, marks the cost as unknown, and warns once', () => {
  const warned: string[] = []
  const call = makeSpending({ perCallUsd: 0.01 }, PRICES, (model) => warned.push(model))
  const unknown = { model: 'llama3', inputTokens: 5, outputTokens: 5 }
  call.add(unknown)
  call.add({ ...unknown, cacheReadTokens: 2 })
  call.add({ ...unknown, model: 'own', costUsd: 0.5 })
  expect(call.told()).toEqual({ costUsd: 0.51, tokens: 32, unpriced: ['llama3'] })
  expect(warned).toEqual(['llama3'])
})

it('lists the models without a price for a task, also those of failed attempts', () => {
  const attempt = {
    agentId: 'a',
    startedAt: '',
    endedAt: '',
    error: { name: 'AgentFailedError', message: 'boom' },
    tokens: 5,
    unpriced: ['llama3'],
  }
  const step = {
    path: 's',
    status: 'succeeded' as const,
    fence: '',
    owner: '',
    startedAt: '',
    attempts: [attempt],
  }
  expect(costOf([{ ...step, costUsd: 0.5, unpriced: ['llama3', 'own'] }])).toEqual({
    usd: 0.5,
    tokens: 5,
    unpriced: ['llama3', 'own'],
  })
  expect(costOf([{ ...step, attempts: [] }])).toEqual({ usd: 0, tokens: 0 })
})

it('takes no numbers below zero', () => {
  const call = spending()
  expect(() => call.add({ costUsd: -1 })).toThrow('costUsd is -1')
  expect(() => call.add({ tokens: Number.NaN })).toThrow('tokens is NaN')
  expect(call.told()).toEqual({ costUsd: 0.01 })
})
