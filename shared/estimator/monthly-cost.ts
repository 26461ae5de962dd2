import type { PriceTable } from '../domain/price-table.ts'

/** The used amount of each priced unit, in a month or for one task. */
export type Usage = Partial<Record<Exclude<keyof PriceTable, 'region' | 'asOf'>, number>>

/** The units that each service bills. */
const SERVICES = {
  'Step Functions': ['stateTransition'],
  Lambda: ['lambdaRequest', 'lambdaGbSecond'],
  DynamoDB: ['dynamodbWriteUnit', 'dynamodbReadUnit', 'dynamodbGbMonth', 'dynamodbRecoveryGbMonth'],
  EventBridge: ['busEvent', 'archiveGb', 'archiveGbMonth'],
  'API Gateway': ['apiRequest'],
  S3: ['s3Put', 's3Get', 's3GbMonth'],
  'CloudWatch Logs': ['logGb', 'logGbMonth'],
  'CloudWatch metrics, alarms, dashboard': ['metricMonth', 'alarmMetricMonth', 'dashboardMonth'],
  KMS: ['keyMonth'],
  'X-Ray': ['trace'],
} as const satisfies Record<string, readonly (keyof Usage)[]>

export const SERVICE_NAMES = Object.keys(SERVICES)

/** US dollars by service, including services that cost nothing. */
export function costByService(usage: Usage, prices: PriceTable): Map<string, number> {
  return new Map(
    Object.entries(SERVICES).map(([service, items]) => {
      const usd = items.reduce((sum, item) => sum + (usage[item] ?? 0) * prices[item], 0)
      return [service, usd]
    }),
  )
}

export const totalCost = (usage: Usage, prices: PriceTable): number =>
  [...costByService(usage, prices).values()].reduce((sum, usd) => sum + usd, 0)

/** The usage multiplied by a count. */
export const times = (usage: Usage, count: number): Usage =>
  Object.fromEntries(Object.entries(usage).map(([item, amount]) => [item, amount * count]))

export function add(...usages: readonly Usage[]): Usage {
  const sum: Usage = {}
  for (const usage of usages) {
    for (const [item, amount] of Object.entries(usage) as [keyof Usage, number][])
      sum[item] = (sum[item] ?? 0) + amount
  }
  return sum
}
