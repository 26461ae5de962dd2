import { Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { Stage } from '../stage.ts'
import type { RuntimeStack } from './runtime-stack.ts'

type Watched = { id: string; description: string; metric: IMetric; threshold: number }

/** Where people look: one dashboard, and alarms on what needs a person. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { stage, runtime }: { stage: Stage; runtime: RuntimeStack }) {
    super(scope, id, { description: 'Orchestrator: dashboard and alarms' })
    for (const watched of this.#watched(runtime)) this.#addAlarm(stage, watched)
    this.#addDashboard(stage, runtime)
  }

  #watched({ machines, deadLetters, functions }: RuntimeStack): Watched[] {
    return [
      {
        id: 'TasksFailing',
        description: 'Workflow executions fail; see the failed tasks for the step and the agent',
        metric: sumOf(machines.map(({ machine }) => machine.metricFailed())),
        threshold: 5,
      },
      {
        id: 'DeadLetters',
        description: 'An event could not be delivered; the reconciler ends its task, the queue says why',
        metric: deadLetters.metricApproximateNumberOfMessagesVisible(),
        threshold: 1,
      },
      ...Object.entries(functions).map(([name, target]) => ({
        id: `${name[0]?.toUpperCase()}${name.slice(1)}Errors`,
        description: `The ${name} function fails; see its log`,
        metric: target.metricErrors(),
        threshold: 3,
      })),
    ]
  }

  #addAlarm(stage: Stage, { id, description, metric, threshold }: Watched): void {
    new Alarm(this, id, {
      alarmName: `${stage.prefix}-${id}`,
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
  }

  #addDashboard(stage: Stage, { machines, agents, api }: RuntimeStack): void {
    const all = Object.values(agents)
    new Dashboard(this, 'Dashboard', {
      dashboardName: stage.prefix,
      widgets: [
        [new TextWidget({ width: 24, height: 1, markdown: '# Orchestrator: tasks, agents, API' })],
        [
          graph(
            'Tasks started',
            machines.map(({ machine }) => machine.metricStarted()),
          ),
          graph(
            'Tasks failed',
            machines.map(({ machine }) => machine.metricFailed()),
          ),
          graph(
            'Duration of tasks',
            machines.map(({ machine }) => machine.metricTime()),
          ),
        ],
        [
          graph(
            'Agent invocations',
            all.map((agent) => agent.metricInvocations()),
          ),
          graph(
            'Agent errors',
            all.map((agent) => agent.metricErrors()),
          ),
          graph(
            'Agent duration',
            all.map((agent) => agent.metricDuration()),
          ),
        ],
        [
          graph('API requests', [api.api.metricCount()]),
          graph('API errors', [api.api.metricClientError(), api.api.metricServerError()]),
          graph('API latency', [api.api.metricLatency()]),
        ],
      ],
    })
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 })
}

function sumOf(metrics: readonly IMetric[]): IMetric {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]))
  return new MathExpression({
    expression: `SUM([${Object.keys(usingMetrics).join(', ')}])`,
    usingMetrics,
    label: 'failed',
  })
}
