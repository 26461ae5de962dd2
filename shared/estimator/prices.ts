import { type PriceTable, PriceTableSchema } from '../domain/price-table.ts'
import { MODEL_PRICES } from './model-prices.ts'

type Item = Exclude<keyof PriceTable, 'region' | 'asOf' | 'modelsAsOf' | 'models'>

const MILLION = 1e6

/** US East (N. Virginia), first tiers. Other regions differ by up to half: parse another table with PriceTableSchema. */
export const PRICES: PriceTable = {
  region: 'us-east-1',
  asOf: '2026-11-24',
  stateTransition: 25 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.0000133334,
  dynamodbWriteUnit: 0.625 / MILLION,
  dynamodbReadUnit: 0.125 / MILLION,
  dynamodbGbMonth: 0.25,
  dynamodbRecoveryGbMonth: 0.2,
  busEvent: 1 / MILLION,
  archiveGb: 0.1,
  archiveGbMonth: 0.023,
  apiRequest: 1 / MILLION,
  s3Put: 5 / MILLION,
  s3Get: 0.4 / MILLION,
  s3GbMonth: 0.023,
  logGb: 0.5,
  logGbMonth: 0.03,
  metricMonth: 0.3,
  alarmMetricMonth: 0.1,
  dashboardMonth: 3,
  keyMonth: 1,
  trace: 5 / MILLION,
  modelsAsOf: '2026-04-10',
  models: MODEL_PRICES,
}

/** The table with an installation's overrides: another region, a contract, custom models. Throws a ZodError. */
export function pricesWith(own: object = {}): PriceTable {
  const models = 'models' in own ? own.models : {}
  return PriceTableSchema.parse({ ...PRICES, ...own, models: { ...PRICES.models, ...(models as object) } })
}

const page = (service: string): string => `https://aws.amazon.com/${service}/pricing/`
const [DYNAMODB, LAMBDA, S3, CLOUDWATCH] = ['dynamodb', 'lambda', 's3', 'cloudwatch'].map(page) as [
  string,
  string,
  string,
  string,
]

/** The page with each price. */
export const PRICE_SOURCES: Readonly<Record<Item, string>> = {
  stateTransition: page('step-functions'),
  lambdaRequest: LAMBDA,
  lambdaGbSecond: LAMBDA,
  dynamodbWriteUnit: DYNAMODB,
  dynamodbReadUnit: DYNAMODB,
  dynamodbGbMonth: DYNAMODB,
  dynamodbRecoveryGbMonth: DYNAMODB,
  busEvent: page('eventbridge'),
  archiveGb: page('eventbridge'),
  archiveGbMonth: page('eventbridge'),
  apiRequest: page('api-gateway'),
  s3Put: S3,
  s3Get: S3,
  s3GbMonth: S3,
  logGb: CLOUDWATCH,
  logGbMonth: CLOUDWATCH,
  metricMonth: CLOUDWATCH,
  alarmMetricMonth: CLOUDWATCH,
  dashboardMonth: CLOUDWATCH,
  keyMonth: page('kms'),
  trace: page('xray'),
}
