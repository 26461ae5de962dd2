import type { PriceTable } from '../domain/price-table.ts'
import { totalCost, type Usage } from './monthly-cost.ts'

/** AWS usage of a task without its agents' Lambda time, fixed and per step: measured by `npm run bench:cost`. */
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

/** The AWS cost of a task, its children and their step records, in US dollars, without the agents' Lambda time. */
export function usdOfRun(steps: number, tasks: number, prices: PriceTable): number {
  const known = costs.get(prices) ?? { task: totalCost(TASK, prices), step: totalCost(STEP, prices) }
  costs.set(prices, known)
  return known.task * tasks + known.step * steps
}

/** Cached, because an estimate looks it up thousands of times. */
const costs = new WeakMap<PriceTable, { task: number; step: number }>()

/** The cost of an agent's function per second. */
export const usdPerSecond = (memoryMb: number, prices: PriceTable): number =>
  (memoryMb / 1_024) * prices.lambdaGbSecond
