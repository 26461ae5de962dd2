import * as z from 'zod'

const price = (per: string) => z.number().min(0).describe(per)

/** What AWS asks for, in US dollars for one unit; free tiers are not in it. */
export const PriceTableSchema = z.strictObject({
  region: z.string(),
  /** The day for which these are, to the best of our knowledge, the figures of the pages in PRICE_SOURCES. */
  asOf: z.iso.date(),
  stateTransition: price('Step Functions, Standard, a state entered; retries count'),
  lambdaRequest: price('Lambda, a request'),
  lambdaGbSecond: price('Lambda, arm64, a gigabyte for a second'),
  dynamodbWriteUnit: price('DynamoDB, on demand, 1 KB written'),
  dynamodbReadUnit: price('DynamoDB, on demand, 4 KB read, strongly consistent'),
  dynamodbGbMonth: price('DynamoDB, a gigabyte kept for a month'),
  dynamodbRecoveryGbMonth: price('DynamoDB, point-in-time recovery of a gigabyte for a month'),
  busEvent: price('EventBridge, a custom event of up to 64 KB'),
  archiveGb: price('EventBridge, a gigabyte put into an archive'),
  apiRequest: price('API Gateway, HTTP API, a request'),
  s3Put: price('S3 Standard, PUT, POST, LIST'),
  s3Get: price('S3 Standard, GET'),
  s3GbMonth: price('S3 Standard, a gigabyte for a month'),
  logGb: price('CloudWatch Logs, a gigabyte taken in'),
  logGbMonth: price('CloudWatch Logs, a gigabyte kept for a month'),
  metricMonth: price('CloudWatch, a custom metric for a month'),
  alarmMetricMonth: price('CloudWatch, a metric that an alarm watches, for a month'),
  dashboardMonth: price('CloudWatch, a dashboard for a month'),
  trace: price('X-Ray, a trace recorded'),
})
export type PriceTable = z.infer<typeof PriceTableSchema>
type Item = Exclude<keyof PriceTable, 'region' | 'asOf'>

const MILLION = 1e6

/** US East (N. Virginia), the first tier of each. Other regions differ by up to half: parse a table of your own with PriceTableSchema. */
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
  apiRequest: 1 / MILLION,
  s3Put: 5 / MILLION,
  s3Get: 0.4 / MILLION,
  s3GbMonth: 0.023,
  logGb: 0.5,
  logGbMonth: 0.03,
  metricMonth: 0.3,
  alarmMetricMonth: 0.1,
  dashboardMonth: 3,
  trace: 5 / MILLION,
}

const page = (service: string): string => `https://aws.amazon.com/${service}/pricing/`
const [DYNAMODB, LAMBDA, S3, CLOUDWATCH] = ['dynamodb', 'lambda', 's3', 'cloudwatch'].map(page) as [
  string,
  string,
  string,
  string,
]

/** Where each price stands. */
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
  apiRequest: page('api-gateway'),
  s3Put: S3,
  s3Get: S3,
  s3GbMonth: S3,
  logGb: CLOUDWATCH,
  logGbMonth: CLOUDWATCH,
  metricMonth: CLOUDWATCH,
  alarmMetricMonth: CLOUDWATCH,
  dashboardMonth: CLOUDWATCH,
  trace: page('xray'),
}
