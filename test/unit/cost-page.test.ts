import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { costPage, idleUsage, type Measured } from '../../bench/cost/cost-page.ts'
import { add, costByService, times, totalCost } from '../../shared/estimator/monthly-cost.ts'
import { PRICES, PriceTableSchema } from '../../shared/estimator/prices.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

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
    for (const item of Object.keys(PRICES).filter((name) => !['region', 'asOf'].includes(name)))
      expect(totalCost({ [item]: 1 }, PRICES)).toBeGreaterThan(0)
    const dearer = PriceTableSchema.parse({ ...PRICES, region: 'sa-east-1', stateTransition: 37.5e-6 })
    expect(totalCost({ stateTransition: 1_000_000 }, dearer)).toBeCloseTo(37.5)
    expect(() => PriceTableSchema.parse({ ...PRICES, stateTransitions: 1 })).toThrow(/stateTransitions/)
  })

  it('is a few dollars for an installation that idles', () => {
    expect(totalCost(idleUsage({ alarmMetrics: 17 }), PRICES)).toBeLessThan(6)
  })

  it('stands in docs/cost.md as prices and measurements have it', () => {
    const measured = JSON.parse(read('bench/cost/usage.json')) as Measured
    expect(read('docs/cost.md')).toBe(costPage(measured, PRICES))
  })
})
