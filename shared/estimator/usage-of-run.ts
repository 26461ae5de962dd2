import type { PriceTable } from '../domain/price-table.ts'
import { totalCost, type Usage } from './monthly-cost.ts'

/** What a task uses of AWS beside its agents' Lambda time, without steps and for each: measured by `npm run bench:cost`. */
const TASK: Usage = {
  stateTransition: 1,
  lambdaRequest: 2,
  lambdaGbSecond: 0.05,
  dynamodbWriteUnit: 2.5,
  dynamodbReadUnit: 7,
  busEvent: 2,
  apiRequest: 2,
  logGb: 7e-6,
  trace: 1,
}
const STEP: Usage = {
  stateTransition: 1.3,
  lambdaRequest: 1,
  dynamodbWriteUnit: 9.75,
  dynamodbReadUnit: 4.5,
  busEvent: 2,
  s3Put: 0.75,
  s3Get: 1.5,
  logGb: 1.95e-6,
}

/** What AWS asks for a task, its children and so many records of steps, in US dollars, without the time of its agents. */
export function usdOfRun(steps: number, tasks: number, prices: PriceTable): number {
  const known = costs.get(prices) ?? { task: totalCost(TASK, prices), step: totalCost(STEP, prices) }
  costs.set(prices, known)
  return known.task * tasks + known.step * steps
}

/** An estimate asks for thousands of runs. */
const costs = new WeakMap<PriceTable, { task: number; step: number }>()

/** Of an agent's function, for each second. */
export const usdPerSecond = (memoryMb: number, prices: PriceTable): number =>
  (memoryMb / 1_024) * prices.lambdaGbSecond
