import { Duration } from 'aws-cdk-lib'
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import { isLimited } from '../../shared/domain/quotas.ts'
import type { Catalogue } from '../catalogue.ts'
import type { RuntimeStack } from '../stacks/runtime-stack.ts'
import type { Stage } from '../stage.ts'
import type { OurMetrics } from './our-metrics.ts'
import { QUERIES } from './saved-queries.ts'

type OurDashboardProps = {
  readonly stage: Stage
  readonly catalogue: Catalogue
  readonly runtime: RuntimeStack
  readonly metrics: OurMetrics
  readonly alarms: readonly Alarm[]
  readonly tables: readonly Table[]
  readonly logGroupNames: readonly string[]
}

const COLOURS = { succeeded: '#2ca02c', failed: '#d62728', timed_out: '#ff7f0e', cancelled: '#7f7f7f' }
const FULL_WIDTH = 24

/** One page, top to bottom: current health, then tasks, agents, the API, and the services below them. */
export class OurDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OurDashboardProps) {
    super(scope, id)
    new Dashboard(this, 'Dashboard', {
      dashboardName: props.stage.prefix,
      widgets: [
        ...atAGlance(props),
        [heading('Tasks')],
        tasks(props),
        waitingAndEstimates(props),
        [heading('Agents')],
        ...agents(props),
        [heading('API and what it all stands on')],
        platform(props),
        [heading('What went wrong lately')],
        [failures(props)],
      ],
    })
  }
}

function atAGlance({ metrics, alarms }: OurDashboardProps): IWidget[][] {
  const of = (outcome: keyof typeof COLOURS) => metrics.own('Tasks', { outcome })
  const successRate = new MathExpression({
    expression: '100 * FILL(ok, 0) / (FILL(ok, 0) + FILL(bad, 0) + FILL(late, 0))',
    usingMetrics: { ok: of('succeeded'), bad: of('failed'), late: of('timed_out') },
    label: 'tasks that succeeded, %',
  })
  const single = (title: string, metric: IMetric): IWidget =>
    new SingleValueWidget({ title, metrics: [metric], width: 4, height: 4, setPeriodToTimeRange: true })
  return [
    [
      new AlarmStatusWidget({
        title: 'Alarms (docs/how-to/operate.md)',
        alarms: [...alarms],
        width: 8,
        height: 4,
      }),
      single('Succeeded', successRate),
      single('Tasks', of('succeeded')),
      single('Open now', metrics.own('OpenTasks', {}, 'Maximum')),
      single('Half end within', metrics.own('TaskDuration', { outcome: 'succeeded' }, 'p50')),
    ],
  ]
}

function tasks({ metrics, catalogue }: OurDashboardProps): IWidget[] {
  const outcomes = Object.entries(COLOURS).map(([outcome, color]) =>
    metrics.own('Tasks', { outcome }).with({ label: outcome, color }),
  )
  const durations = ['p50', 'p90', 'p99'].map((statistic) =>
    metrics.own('TaskDuration', { outcome: 'succeeded' }, statistic).with({ label: statistic }),
  )
  const byWorkflow = catalogue.workflows.map(({ workflow: { name } }) =>
    metrics.ofMachine(name, 'ExecutionTime', 'p90').with({ label: name }),
  )
  return [
    graph('Ended, by outcome', outcomes, { stacked: true }),
    graph('From submission to end, ms', durations),
    graph('Executions by workflow, p90, ms', byWorkflow),
  ]
}

/** Whether tasks queue, and whether estimates hold: half of the tasks should stay below their P50 estimate, nine in ten below P90. */
function waitingAndEstimates({ metrics, stage }: OurDashboardProps): IWidget[] {
  const share = (name: 'TimeUnderP50' | 'TimeUnderP90' | 'CostUnderP50' | 'CostUnderP90', label: string) =>
    metrics.own(name, {}, 'Average').with({ label, period: Duration.hours(1) })
  const shares = [
    share('TimeUnderP50', 'time, half'),
    share('TimeUnderP90', 'time, nine in ten'),
    share('CostUnderP50', 'cost, half'),
    share('CostUnderP90', 'cost, nine in ten'),
  ]
  const waits = stage.tenantConcurrency !== undefined || isLimited(stage.tenants, 'concurrency')
  const width = waits ? FULL_WIDTH / 2 : FULL_WIDTH
  return [
    graph('Tasks below their estimate, share', shares, { width }),
    ...(waits
      ? [graph('Waiting longest for its turn, s', [metrics.own('QueueAge', {}, 'Maximum')], { width })]
      : []),
  ]
}

function agents({ metrics, runtime }: OurDashboardProps): IWidget[][] {
  const concurrent = Object.entries(runtime.agents.names).map(([id, name]) =>
    metrics.ofFunction(name, 'ConcurrentExecutions', 'Maximum').with({ label: id }),
  )
  return [
    [
      graph('Attempts', [metrics.every('Attempts', 'Sum')]),
      graph('Steps by capability, p90, ms', [metrics.every('StepDuration', 'p90')]),
      graph('Running at once', concurrent),
    ],
    [
      graph('Failovers, to', [metrics.every('Failovers', 'Sum')], { width: 12 }),
      graph('What agents cost, USD', [metrics.every('Cost', 'Sum')], { width: 12, stacked: true }),
    ],
  ]
}

function platform({ metrics, runtime, tables }: OurDashboardProps): IWidget[] {
  const { api } = runtime.api
  const throttled = tables.flatMap((table) => [
    table.metric('ReadThrottleEvents', { statistic: 'Sum' }),
    table.metric('WriteThrottleEvents', { statistic: 'Sum' }),
  ])
  return [
    graph(
      'Requests',
      [
        api.metricCount({ label: 'all' }),
        api.metricClientError({ label: '4xx' }),
        api.metricServerError({ label: '5xx', color: COLOURS.failed }),
      ],
      { width: 6 },
    ),
    graph(
      'Latency of the API, ms',
      ['p50', 'p90', 'p99'].map((statistic) => api.metricLatency({ statistic, label: statistic })),
      { width: 6 },
    ),
    graph(
      'Errors of own functions',
      runtime.functionNames.map((name) => metrics.ofFunction(name, 'Errors').with({ label: name })),
      { width: 6 },
    ),
    graph(
      'Throttles and dead letters',
      [
        metrics.ofAllFunctions('Throttles').with({ label: 'Lambda' }),
        ...throttled,
        runtime.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'dead letters' }),
      ],
      { width: 6 },
    ),
  ]
}

function failures({ logGroupNames }: OurDashboardProps): IWidget {
  return new LogQueryWidget({
    title: 'Attempts that failed, newest first',
    logGroupNames: [...logGroupNames],
    queryLines: [...QUERIES['failed attempts']],
    view: LogQueryVisualizationType.TABLE,
    width: FULL_WIDTH,
    height: 8,
  })
}

const heading = (text: string): IWidget =>
  new TextWidget({ markdown: `## ${text}`, width: FULL_WIDTH, height: 1 })

type GraphOptions = { stacked?: boolean; width?: number }

function graph(title: string, left: IMetric[], { stacked = false, width = 8 }: GraphOptions = {}): IWidget {
  return new GraphWidget({ title, left, stacked, width, height: 6 })
}
