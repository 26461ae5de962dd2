import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { costPage, idleUsage, type Measured } from '../../../bench/cost/cost-page.ts'
import { usdOfTokens } from '../../../shared/estimator/model-prices.ts'
import { add, costByService, times, totalCost, type Usage } from '../../../shared/estimator/monthly-cost.ts'
import { PRICE_SOURCES, PRICES, pricesWith } from '../../../shared/estimator/prices.ts'
import { usdOfRun } from '../../../shared/estimator/usage-of-run.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8')

describe('the bill', () => {
  it('adds up what each service charges for', () => {
    const usage = {
      stateTransition: 1_000_000,
      lambdaRequest: 1_000_000,
      dynamodbWriteUnit: 1_000_000,
      dashboardMonth: 1,
    }
    const bill = costByService(usage, PRICES)
    expect(bill.get('Step Functions')).toBeCloseTo(25)
    expect(bill.get('Lambda')).toBeCloseTo(0.2)
    expect(bill.get('DynamoDB')).toBeCloseTo(0.625)
    expect(bill.get('CloudWatch metrics, alarms, dashboard')).toBe(3)
    expect(totalCost(usage, PRICES)).toBeCloseTo(28.825)
    expect(totalCost(add(times(usage, 2), usage), PRICES)).toBeCloseTo(3 * 28.825)
  })

  it('charges for every price, and in a table of other prices', () => {
    for (const item of Object.keys(PRICES).filter((name) => name in PRICE_SOURCES))
      expect(totalCost({ [item]: 1 }, PRICES)).toBeGreaterThan(0)
    const dearer = pricesWith({ region: 'sa-east-1', stateTransition: 37.5e-6 })
    expect(totalCost({ stateTransition: 1_000_000 }, dearer)).toBeCloseTo(37.5)
    expect(() => pricesWith({ stateTransitions: 1 })).toThrow(/stateTransitions/)
  })

  it('finds a model’s price by the beginning of its name, in any region; the stage’s prices have precedence', () => {
    const tokens = { inputTokens: 1_000_000, outputTokens: 100_000, cacheReadTokens: 2_000_000 }
    expect(usdOfTokens('us.anthropic.claude-haiku-4-5-20251001-v1:0', tokens, PRICES)).toBeCloseTo(1.7)
    expect(usdOfTokens('amazon.nova-lite-v1:0', tokens, PRICES)).toBeCloseTo(0.06 + 0.024 + 0.03)
    // Without a price for cache writes, they cost the same as input.
    expect(
      usdOfTokens('amazon.nova-pro-v1:0', { inputTokens: 0, outputTokens: 0, cacheWriteTokens: 1e6 }, PRICES),
    ).toBeCloseTo(0.8)
    const opus = { inputTokens: 1e6, outputTokens: 0 }
    expect(usdOfTokens('anthropic.claude-opus-4-5-20251101-v1:0', opus, PRICES)).toBe(5)
    expect(usdOfTokens('anthropic.claude-opus-4-1-20250805-v1:0', opus, PRICES)).toBe(15)
    expect(usdOfTokens('llama3', tokens, PRICES)).toBeUndefined()
    const own = pricesWith({
      models: { llama3: { input: 0, output: 0 }, 'amazon.nova-lite': { input: 1, output: 1 } },
    })
    expect(usdOfTokens('llama3', tokens, own)).toBe(0)
    expect(usdOfTokens('amazon.nova-lite-v1:0', tokens, own)).toBeCloseTo(3.1)
    expect(usdOfTokens('anthropic.claude-haiku-4-5', opus, own)).toBe(1)
    expect(() => pricesWith({ models: { llama3: { input: -1, output: 0 } } })).toThrow(/input/)
  })

  it('is a few dollars for an installation that idles', () => {
    expect(totalCost(idleUsage({ alarmMetrics: 17 }), PRICES)).toBeLessThan(7)
  })

  it('estimates the same cost per step as was measured', () => {
    const { tasks } = JSON.parse(read('bench/cost/usage.json')) as { tasks: Record<string, Usage> }
    const { simple = {}, data_report: report = {} } = tasks
    // Leaves out the time of functions and a month of storage; the report has five steps, the other workflow one.
    const beside: (keyof Usage)[] = ['lambdaGbSecond', 'dynamodbGbMonth', 's3GbMonth']
    const usd = (usage: Usage): number =>
      totalCost({ ...usage, ...Object.fromEntries(beside.map((name) => [name, 0])) }, PRICES)
    const measured = (usd(report) - usd(simple)) / 4
    const estimated = (usdOfRun(5, 1, PRICES) - usdOfRun(1, 1, PRICES)) / 4
    expect(Math.abs(estimated / measured - 1)).toBeLessThan(0.1)
  })

  it('is current in docs/explanation/cost.md', () => {
    const measured = JSON.parse(read('bench/cost/usage.json')) as Measured
    expect(read('docs/explanation/cost.md')).toBe(costPage(measured, PRICES))
  })
})
