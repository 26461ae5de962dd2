import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import {
  type DimensionsOf,
  METRICS,
  METRICS_SERVICE,
  type MetricName,
} from '../../shared/contracts/metrics.ts'
import type { Stage } from '../stage.ts'
import { statesArn } from './our-arns.ts'

const PERIOD = Duration.minutes(5)

/**
 * The metrics of an installation: those that its functions emit, and AWS's own about our resources. All are named, not referenced: a
 * reference would be an export of the runtime stack, and CloudFormation refuses to remove one in use together with its agent.
 */
export class OurMetrics {
  readonly #scope: Construct
  readonly #stage: Stage

  constructor(scope: Construct, stage: Stage) {
    this.#scope = scope
    this.#stage = stage
  }

  own<Name extends MetricName>(name: Name, dimensions: DimensionsOf<Name>, statistic = 'Sum'): Metric {
    const dimensionsMap = { service: METRICS_SERVICE, ...dimensions }
    return this.#metric(this.#stage.prefix, name, dimensionsMap, statistic)
  }

  /** A series for each combination of dimensions that exists. */
  every(name: MetricName, statistic: string): IMetric {
    const dimensions = ['service', ...METRICS[name].dimensions].join(',')
    const search = `{${this.#stage.prefix},${dimensions}} MetricName="${name}"`
    return new MathExpression({
      expression: `SEARCH('${search}', '${statistic}', ${PERIOD.toSeconds()})`,
      usingMetrics: {},
      label: '',
      period: PERIOD,
    })
  }

  ofFunction(name: string, metricName: string, statistic = 'Sum'): Metric {
    const dimensionsMap = { FunctionName: `${this.#stage.prefix}-${name}` }
    return this.#metric('AWS/Lambda', metricName, dimensionsMap, statistic)
  }

  ofMachine(workflow: string, metricName: string, statistic = 'Sum'): Metric {
    const StateMachineArn = statesArn(this.#scope, this.#stage, 'stateMachine', workflow)
    return this.#metric('AWS/States', metricName, { StateMachineArn }, statistic)
  }

  /** For all functions of the account in this region, ours and others: they share the concurrency limit. */
  ofAllFunctions(metricName: string, statistic = 'Sum'): Metric {
    return this.#metric('AWS/Lambda', metricName, {}, statistic)
  }

  #metric(
    namespace: string,
    metricName: string,
    dimensionsMap: Record<string, string>,
    statistic: string,
  ): Metric {
    return new Metric({ namespace, metricName, dimensionsMap, statistic, period: PERIOD })
  }
}
