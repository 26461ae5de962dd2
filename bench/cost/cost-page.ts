import type { PriceTable } from '../../shared/domain/price-table.ts'
import { MODEL_PRICE_SOURCE, usdOfTokens } from '../../shared/estimator/model-prices.ts'
import { KEPT, usageOfMonth } from '../../shared/estimator/month-of-tasks.ts'
import {
  add,
  costByService,
  SERVICE_NAMES,
  totalCost,
  type Usage,
} from '../../shared/estimator/monthly-cost.ts'
import { PRICE_SOURCES } from '../../shared/estimator/prices.ts'
import { ASSUMED } from './measure-usage.ts'

/** The measured usage of each workflow, and the metrics that alarms watch. */
export type Measured = { tasks: Record<string, Usage>; alarmMetrics: number }

const MINUTES = 30 * 24 * 60
const GB = 1e9
/** Custom metrics that seven agents write when all of them are used in every hour. */
const BUSY_METRICS = 60
/** The retention that the third column of the twelfth month assumes. */
const RETENTION_DAYS = 90
const PROFILES: readonly { name: string; tasksPerDay: number }[] = [
  { name: 'a team tries it: 100 tasks a day', tasksPerDay: 100 },
  { name: 'part of a product: 10,000 a day', tasksPerDay: 10_000 },
  { name: 'busy: 250,000 a day, about 3 a second', tasksPerDay: 250_000 },
]

/** The sweep and the writer of the audit run every minute; each writes a metric. */
const SCHEDULES = 2
/** One query of open tasks, and five of noted calls. */
const READS_A_MINUTE = 6

/** Usage without any task: what runs every minute, alarms, dashboard, an encryption key; storage is negligible. */
export const idleUsage = ({ alarmMetrics }: Pick<Measured, 'alarmMetrics'>): Usage => ({
  lambdaRequest: SCHEDULES * MINUTES,
  lambdaGbSecond: SCHEDULES * MINUTES * ASSUMED.ownSeconds * ASSUMED.ownGb,
  dynamodbReadUnit: READS_A_MINUTE * MINUTES,
  logGb: (SCHEDULES * MINUTES * (ASSUMED.reportBytes + 600)) / GB,
  metricMonth: SCHEDULES,
  alarmMetricMonth: alarmMetrics,
  dashboardMonth: 1,
  // The key of the alarm topic.
  keyMonth: 1,
})

/** The text of docs/explanation/cost.md, from prices and measurements. */
export function costPage({ tasks, alarmMetrics }: Measured, prices: PriceTable): string {
  const report = tasks.data_report ?? {}
  const idle = idleUsage({ alarmMetrics })
  return `# What it costs

Computed by \`npm run bench:cost -- --write\` from the price table (\`shared/estimator/prices.ts\`: ${prices.region}, ${prices.asOf}; look at the sources before you rely on it) and from what tasks
used on the local cloud. Free tiers are not in it, and neither are language models. Nothing is paid by the hour.

## A month, in US dollars

${monthTable(report, idle, prices)}

Each task of the profiles is a \`data_report\` (five steps over four years of weather, a report with charts). Idle means deployed, with nothing to do:
the sweep and the writer of the audit every minute, nine alarms on ${alarmMetrics} metrics, a dashboard, a key for the topic of alarms. The first three dashboards of an account, ten alarms and a million
Lambda requests are free: a first installation that idles is billed about two dollars. \`auditAnchorDays\`
in the stage adds a key that signs, ${money(prices.keyMonth)} a month, and less than a cent for each tenant.

## The twelfth month

Tasks, their values and uploads are kept for good unless the stage says \`taskRetentionDays\` and \`fileRetentionDays\`. The tables are kept twice: for
point-in-time recovery as well.

${twelfthMonthTable(report, idle, prices)}

## One task

${taskTable(tasks, prices)}

Measured: states, requests, units (by the size of the requests), events, objects, our own lines in the logs. Assumed: a client asks ${ASSUMED.statusReads} times how it goes and
once for the result; our own functions take ${ASSUMED.ownSeconds * 1_000} ms; an agent takes as long as here, and its host ${ASSUMED.hostSeconds * 1_000} ms more, at ${ASSUMED.agentGb * 1_024} MB; every task
is traced. An event is ${KEPT.eventBytes / 1_024} KB in the archive, which keeps ${KEPT.archiveDays} days, as logs are; these are compressed to ${KEPT.logShare * 100} %.

## Language models

What [models](../how-to/use-models.md) cost comes on top, and is soon more than the rest: a thousand calls of ${CALL.inputTokens.toLocaleString('en-US')} tokens of input and ${CALL.outputTokens} of output, in US dollars; and with ${CALL.cached.toLocaleString('en-US')} tokens
of the input from the provider's cache (\`cacheAfter\`).

${callTable(prices)}

A call is paid from the budget of its task before it is made, by the most that it can take, and settled by what it has taken ([limit cost](../how-to/limit-cost.md)). What models have used is
in \`orchestrator models\`.

## Prices

${itemTable(prices)}

Models, US dollars for a million tokens (${MODEL_PRICE_SOURCE}, as of ${prices.modelsAsOf}), for calls of \`context.model\` and for what an agent tells by \`context.spend\`:

${modelTable(prices)}

An installation with other prices says so in its stage's file, under \`prices\`, or with a model, under \`models\`.
`
}

function monthTable(report: Usage, idle: Usage, prices: PriceTable): string {
  const months = [
    { name: 'idle', usage: idle },
    ...PROFILES.map(({ name, tasksPerDay }) => {
      const busy = { metricMonth: BUSY_METRICS - SCHEDULES }
      return { name, usage: add(idle, usageOfMonth(report, { tasks: tasksPerDay * 30, month: 1 }), busy) }
    }),
  ]
  return table(
    ['', ...months.map(({ name }) => name)],
    [
      ...SERVICE_NAMES.map((service) => [
        service,
        ...months.map(({ usage }) => money(costByService(usage, prices).get(service) ?? 0)),
      ]),
      ['**together**', ...months.map(({ usage }) => `**${money(totalCost(usage, prices))}**`)],
    ],
  )
}

function twelfthMonthTable(report: Usage, idle: Usage, prices: PriceTable): string {
  return table(
    ['US dollars a month', 'first', 'twelfth, kept for good', `twelfth, kept ${RETENTION_DAYS} days`],
    PROFILES.flatMap(({ name, tasksPerDay }) => {
      const columns = [{ month: 1 }, { month: 12 }, { month: 12, keptDays: RETENTION_DAYS }].map((when) =>
        usageOfMonth(report, { tasks: tasksPerDay * 30, ...when }),
      )
      const busy = add(idle, { metricMonth: BUSY_METRICS - SCHEDULES })
      const of = (items: readonly (keyof Usage)[]): string[] =>
        columns.map((usage) => money(totalCost(only(usage, items), prices)))
      return [
        [`**${name}**`, ...columns.map((usage) => `**${money(totalCost(add(busy, usage), prices))}**`)],
        ['of that tables', ...of(['dynamodbGbMonth'])],
        ['point-in-time recovery', ...of(['dynamodbRecoveryGbMonth'])],
        ['values and files', ...of(['s3GbMonth'])],
        ['archive of events', ...of(['archiveGb', 'archiveGbMonth'])],
      ]
    }),
  )
}

function taskTable(tasks: Measured['tasks'], prices: PriceTable): string {
  const one = Object.entries(tasks)
  const row = (title: string, item: keyof Usage, digits = 0): string[] => [
    title,
    ...one.map(([, usage]) => (usage[item] ?? 0).toFixed(digits)),
  ]
  return table(
    ['', ...one.map(([name]) => `\`${name}\``)],
    [
      row('states entered', 'stateTransition'),
      row('Lambda requests', 'lambdaRequest'),
      row('Lambda, GB seconds', 'lambdaGbSecond', 3),
      row('DynamoDB, write units', 'dynamodbWriteUnit'),
      row('DynamoDB, read units', 'dynamodbReadUnit'),
      row('events', 'busEvent'),
      row('API requests', 'apiRequest'),
      row('S3, objects written', 's3Put', 1),
      ['logs, KB', ...one.map(([, usage]) => ((usage.logGb ?? 0) * 1e6).toFixed(1))],
      [
        '**US dollars for 1,000**',
        ...one.map(([, usage]) => `**${money(1_000 * totalCost(usage, prices))}**`),
      ],
    ],
  )
}

function itemTable(prices: PriceTable): string {
  return table(
    ['what', 'US dollars', 'source'],
    Object.entries(PRICE_SOURCES).map(([item, source]) => [
      `\`${item}\``,
      plain(prices[item as keyof typeof PRICE_SOURCES]),
      source,
    ]),
  )
}

/** The call of the page: instructions and a document, and a short answer. */
const CALL = { inputTokens: 3_000, outputTokens: 400, cached: 2_500 }

function callTable(prices: PriceTable): string {
  const { inputTokens, outputTokens, cached } = CALL
  return table(
    ['model', 'a thousand calls', 'with the cache'],
    Object.keys(prices.models).map((model) => [
      `\`${model}\``,
      ...[
        { inputTokens, outputTokens },
        { inputTokens: inputTokens - cached, outputTokens, cacheReadTokens: cached },
      ].map((usage) => money(1_000 * (usdOfTokens(model, usage, prices) ?? 0))),
    ]),
  )
}

function modelTable(prices: PriceTable): string {
  return table(
    ['model, by what its name begins with', 'input', 'output', 'from a cache', 'into a cache'],
    Object.entries(prices.models).map(([model, { input, output, cacheRead = input, cacheWrite = input }]) => [
      `\`${model}\``,
      ...[input, output, cacheRead, cacheWrite].map(String),
    ]),
  )
}

const only = (usage: Usage, items: readonly (keyof Usage)[]): Usage =>
  Object.fromEntries(items.map((item) => [item, usage[item] ?? 0]))

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}

const money = (usd: number): string => (usd < 0.005 ? '-' : usd.toFixed(2))

/** A number as text without an exponent. */
const plain = (usd: number): string => usd.toFixed(12).replace(/0+$/, '').replace(/\.$/, '')
