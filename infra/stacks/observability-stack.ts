import { ArnFormat, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { Catalogue } from '../load-catalogue.ts'
import type { Stage } from '../stage.ts'
import type { RuntimeStack } from './runtime-stack.ts'

type Watched = { id: string; description: string; metric: IMetric; threshold: number }
type ObservabilityStackProps = { stage: Stage; catalogue: Catalogue; runtime: RuntimeStack }

/**
 * Where people look: one dashboard, and alarms on what needs a person. Agents and workflows are named, not referred to:
 * a reference would be an export of the runtime stack, and one that is in use cannot be removed with its agent.
 */
export class ObservabilityStack extends Stack {
  readonly #prefix: string

  constructor(scope: Construct, id: string, { stage, catalogue, runtime }: ObservabilityStackProps) {
    super(scope, id, { description: 'Orchestrator: dashboard and alarms' })
    this.#prefix = stage.prefix
    for (const watched of this.#watched(runtime)) this.#addAlarm(watched)
    this.#addDashboard(catalogue, runtime)
  }

  #watched({ deadLetters, functionNames }: RuntimeStack): Watched[] {
    return [
      {
        id: 'TasksFailing',
        description: 'Tasks fail; orchestrator list --status failed names the step and the agent',
        metric: new Metric({
          namespace: this.#prefix,
          metricName: 'Tasks',
          dimensionsMap: { service: 'finish-task', outcome: 'failed' },
          statistic: 'Sum',
        }),
        threshold: 5,
      },
      {
        id: 'DeadLetters',
        description:
          'An event could not be delivered or handled; the reconciler ends its task, the queue says why',
        metric: deadLetters.metricApproximateNumberOfMessagesVisible(),
        threshold: 1,
      },
      ...functionNames.map((name) => ({
        id: `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Errors`,
        description: `The ${name} function fails; see its log`,
        metric: this.#ofFunction(name, 'Errors'),
        threshold: 3,
      })),
    ]
  }

  #addAlarm({ id, description, metric, threshold }: Watched): void {
    new Alarm(this, id, {
      alarmName: `${this.#prefix}-${id}`,
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
  }

  #addDashboard({ agents, workflows }: Catalogue, { api }: RuntimeStack): void {
    const ofAgents = (name: string, statistic?: string): IMetric[] =>
      agents.map(({ manifest }) =>
        this.#ofFunction(`agent-${manifest.id}`, name, statistic).with({ label: manifest.id }),
      )
    const ofMachines = (name: string, statistic?: string): IMetric[] =>
      workflows.map(({ workflow }) => this.#ofMachine(workflow.name, name, statistic))
    new Dashboard(this, 'Dashboard', {
      dashboardName: this.#prefix,
      widgets: [
        [new TextWidget({ width: 24, height: 1, markdown: '# Orchestrator: tasks, agents, API' })],
        [
          graph('Tasks started', ofMachines('ExecutionsStarted')),
          graph('Tasks failed', ofMachines('ExecutionsFailed')),
          graph('Duration of tasks', ofMachines('ExecutionTime', 'p90')),
        ],
        [
          graph('Agent invocations', ofAgents('Invocations')),
          graph('Agent errors', ofAgents('Errors')),
          graph('Agent duration', ofAgents('Duration', 'p90')),
        ],
        [
          graph('API requests', [api.api.metricCount()]),
          graph('API errors', [api.api.metricClientError(), api.api.metricServerError()]),
          graph('API latency', [api.api.metricLatency()]),
        ],
      ],
    })
  }

  /** Without a label: an alarm on a labelled metric becomes one on an expression. */
  #ofFunction(name: string, metricName: string, statistic = 'Sum'): Metric {
    const FunctionName = `${this.#prefix}-${name}`
    return new Metric({ namespace: 'AWS/Lambda', metricName, dimensionsMap: { FunctionName }, statistic })
  }

  #ofMachine(workflow: string, metricName: string, statistic = 'Sum'): IMetric {
    const StateMachineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: `${this.#prefix}-${workflow}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    return new Metric({
      namespace: 'AWS/States',
      metricName,
      dimensionsMap: { StateMachineArn },
      statistic,
      label: workflow,
    })
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6 })
}
