import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import type { RuntimeStack } from '../stacks/runtime-stack.ts'
import type { Stage } from '../stage.ts'
import { AlarmTopic } from './alarm-topic.ts'
import type { OurMetrics } from './our-metrics.ts'

type OurAlarmsProps = {
  readonly stage: Stage
  readonly metrics: OurMetrics
  readonly runtime: RuntimeStack
  readonly tables: readonly Table[]
}

type Watched = {
  id: string
  /** What has happened; the runbook says under the alarm's id what to do. */
  description: string
  metric: IMetric
  threshold: number
  /** The number of latest periods that are evaluated. */
  periods?: number
  below?: boolean
  /** How missing data is treated. */
  missing?: TreatMissingData
}

/** With fewer failures than this a rate is not meaningful. */
const FEW = 5
const RATE_PERCENT = 20
/** Without any success, this many failures are enough for an alarm. */
const FEW_IN_A_ROW = 3
/** Windows for installations with few tasks an hour, and with many. */
const [SLOW, FAST] = [Duration.hours(3), Duration.minutes(5)]
const CLAIMED_PERCENT = 80
/** Entries come a minute or two after what they tell. */
const AUDIT_WAIT = Duration.minutes(10)

/** Conditions that need a person: each alarm notifies the topic, and has a paragraph under its name in docs/how-to/operate.md. */
export class OurAlarms extends Construct {
  readonly alarms: readonly Alarm[]

  constructor(scope: Construct, id: string, props: OurAlarmsProps) {
    super(scope, id)
    const { stage } = props
    const topic = new AlarmTopic(this, 'Topic', stage)
    new CfnOutput(Stack.of(this), 'AlarmTopic', {
      value: topic.topicArn,
      description: 'Alarms: subscribe the operators',
    })
    new CfnOutput(Stack.of(this), 'AccountConcurrency', { value: String(stage.accountConcurrency) })
    for (const address of stage.alarmEmails) topic.addSubscription(new EmailSubscription(address))
    this.alarms = watched(props).map((one) => {
      const alarm = this.#add(stage, one)
      alarm.addAlarmAction(new SnsAction(topic))
      alarm.addOkAction(new SnsAction(topic))
      return alarm
    })
  }

  #add(
    { prefix }: Stage,
    { id, description, metric, threshold, periods = 1, below, missing }: Watched,
  ): Alarm {
    return new Alarm(this, id, {
      alarmName: `${prefix}-${id}`,
      alarmDescription: `${description} Runbook: docs/how-to/operate.md, "${id}".`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    })
  }
}

function watched({ stage, metrics, runtime, tables }: OurAlarmsProps): Watched[] {
  const { deadLetters, awaited, api, tokenApi } = runtime
  return [
    {
      id: 'TasksFailing',
      description: `For ${SLOW.toHours()} hours every task that ended failed, at least ${FEW_IN_A_ROW} of them; or at least ${RATE_PERCENT} %, and at least ${FEW}.`,
      metric: failureRate(metrics, SLOW, `(bad >= ${FEW_IN_A_ROW} && good == 0) || bad >= ${FEW}`),
      threshold: RATE_PERCENT,
    },
    {
      id: 'TasksFailingFast',
      description: `At least ${RATE_PERCENT} % of the tasks that ended failed, and at least ${FEW} of them, for ten minutes.`,
      metric: failureRate(metrics, FAST, `bad >= ${FEW}`),
      threshold: RATE_PERCENT,
      periods: 2,
    },
    {
      id: 'FunctionErrors',
      description:
        'Functions of the orchestrator itself fail; agents are not counted, nor what comes to the dead letters.',
      // An alarm takes at most ten metrics. The rebinder throws to make its state retry: that is no failure.
      metric: difference(
        awaited.map((name) => metrics.ofFunction(name, 'Errors')),
        metrics.own('BusyLooks', {}),
      ),
      threshold: 5,
    },
    {
      id: 'ApiErrors',
      description: 'The API answers 5xx.',
      metric: api.api.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 5,
    },
    ...(tokenApi
      ? [
          {
            id: 'TokenApiErrors',
            description: 'The API for tokens and keys answers 5xx.',
            metric: tokenApi.api.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
            threshold: 5,
          },
        ]
      : []),
    {
      id: 'DeadLetters',
      description: 'Events that could not be delivered or handled are in the dead-letter queue.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
      threshold: 1,
    },
    {
      id: 'ConcurrencyClaimed',
      description: `${CLAIMED_PERCENT} % of the ${stage.accountConcurrency} calls that Lambda runs at once for the account are taken or reserved, by whatever runs in it.`,
      metric: metrics.ofAllFunctions('ClaimedAccountConcurrency', 'Maximum'),
      threshold: Math.max(1, Math.floor((CLAIMED_PERCENT / 100) * stage.accountConcurrency)),
      periods: 2,
    },
    {
      id: 'Throttled',
      description: 'Lambda or DynamoDB throttles calls.',
      metric: sum([
        metrics.ofAllFunctions('Throttles'),
        ...tables.flatMap((table) => [
          table.metric('ReadThrottleEvents', { statistic: 'Sum' }),
          table.metric('WriteThrottleEvents', { statistic: 'Sum' }),
        ]),
      ]),
      threshold: 10,
      periods: 2,
    },
    ...ofSchedules(metrics),
  ]
}

/** What runs every minute: it has not, or is behind. */
const ofSchedules = (metrics: OurMetrics): Watched[] => [
  {
    id: 'AuditBehind',
    description: `For ten minutes the audit has not been written, or what it has to write has waited for ${AUDIT_WAIT.toMinutes()} minutes.`,
    metric: metrics.own('AuditWait', {}, 'Maximum'),
    threshold: AUDIT_WAIT.toSeconds(),
    periods: 2,
    missing: TreatMissingData.BREACHING,
  },
  {
    id: 'NoProgress',
    description:
      'The sweep that ends and starts what events have missed has not run for ten minutes: tasks may stand still.',
    metric: metrics.own('OpenTasks', {}, 'SampleCount'),
    threshold: 1,
    periods: 2,
    below: true,
    missing: TreatMissingData.BREACHING,
  },
]

/**
 * The share of failures among the tasks that ended in a window, in percent; 0 when `counts` shows too few tasks for a
 * rate.
 */
function failureRate(metrics: OurMetrics, period: Duration, counts: string): MathExpression {
  const outcomes = ['succeeded', 'failed', 'timed_out']
  const bad = '(FILL(failed, 0) + FILL(timed_out, 0))'
  const good = 'FILL(succeeded, 0)'
  const condition = counts.replaceAll('bad', bad).replaceAll('good', good)
  return new MathExpression({
    expression: `IF(${condition}, 100 * ${bad} / (${good} + ${bad}), 0)`,
    usingMetrics: Object.fromEntries(
      outcomes.map((outcome) => [outcome, metrics.own('Tasks', { outcome }).with({ period })]),
    ),
    label: 'failed tasks, percent',
    period,
  })
}

/** The sum of some metrics minus another. */
function difference(metrics: readonly IMetric[], without: IMetric): MathExpression {
  const whole = sum(metrics)
  return new MathExpression({
    expression: `${whole.expression} - FILL(without, 0)`,
    usingMetrics: { ...whole.usingMetrics, without },
    label: 'sum',
    period: Duration.minutes(5),
  })
}

function sum(metrics: readonly IMetric[]): MathExpression {
  const named = Object.fromEntries(metrics.map((metric, at) => [`m${at}`, metric]))
  return new MathExpression({
    expression: Object.keys(named)
      .map((name) => `FILL(${name}, 0)`)
      .join(' + '),
    usingMetrics: named,
    label: 'sum',
    period: Duration.minutes(5),
  })
}
