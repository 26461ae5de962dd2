import * as z from 'zod'

const price = (per: string) => z.number().min(0).describe(per)

/** Prices of a language model, in US dollars per million tokens. */
export const ModelPriceSchema = z.strictObject({
  input: price('what is sent'),
  output: price('what it answers'),
  cacheRead: price('what is sent and in its cache already').optional().describe('as `input` by default'),
  cacheWrite: price('what is sent and put into its cache').optional().describe('as `input` by default'),
})

export type ModelPrice = z.infer<typeof ModelPriceSchema>

/** Prices of AWS, in US dollars per unit, without free tiers. */
export const PriceTableSchema = z.strictObject({
  region: z.string(),
  /** The day on which the pages in PRICE_SOURCES were read. */
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
  archiveGbMonth: price('EventBridge, a gigabyte kept in an archive for a month'),
  apiRequest: price('API Gateway, HTTP API, a request'),
  s3Put: price('S3 Standard, PUT, POST, LIST'),
  s3Get: price('S3 Standard, GET'),
  s3GbMonth: price('S3 Standard, a gigabyte for a month'),
  logGb: price('CloudWatch Logs, a gigabyte taken in'),
  logGbMonth: price('CloudWatch Logs, a gigabyte kept for a month'),
  metricMonth: price('CloudWatch, a custom metric for a month'),
  alarmMetricMonth: price('CloudWatch, a metric that an alarm watches, for a month'),
  dashboardMonth: price('CloudWatch, a dashboard for a month'),
  keyMonth: price('KMS, a key of our own for a month'),
  trace: price('X-Ray, a trace recorded'),
  modelsAsOf: z.iso.date(),
  models: z.record(z.string().min(1), ModelPriceSchema).describe('By what the names of models begin with'),
})
export type PriceTable = z.infer<typeof PriceTableSchema>

/** The tokens of one call of a language model; `inputTokens` excludes tokens read from or written to the prompt cache. */
export type TokenUsage = {
  inputTokens: number
  outputTokens: number
  cacheReadTokens?: number
  cacheWriteTokens?: number
}
