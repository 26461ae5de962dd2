import { Duration } from 'aws-cdk-lib'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { EnvironmentName } from '../../shared/contracts/environment.ts'
import type { Stage } from '../stage.ts'
import { pricesOfStage } from '../stage-models.ts'
import { keptLogs } from './kept-logs.ts'

export type BundledFunctionProps = {
  readonly stage: Stage
  /** The last part of the function's name. */
  readonly name: string
  readonly description: string
  /** The folder with `index.mjs`. */
  readonly folder: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  /** Reserved concurrency, which is also the function's maximum; undefined reserves nothing. */
  readonly reservedConcurrency?: number | undefined
}

export type Conditions = Record<string, Record<string, string | readonly string[]>>

/** Lambda's limits for a description (characters), and for all environment variables of a function. */
const MOST_DESCRIPTION = 256

/** A Lambda function of ours: arm64, Node 24, traced, its log group with a retention. */
export class BundledFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    id: string,
    { stage, name, description, folder, timeoutSeconds, memoryMb, reservedConcurrency }: BundledFunctionProps,
  ) {
    const functionName = `${stage.prefix}-${name}`
    const logGroup = keptLogs(scope, `${id}Logs`, stage, `/aws/lambda/${functionName}`)
    // An explicit role without the AWS managed policy, which may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    logGroup.grantWrite(role)
    super(scope, id, {
      functionName,
      description: description.slice(0, MOST_DESCRIPTION),
      code: Code.fromAsset(folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      role,
      logGroup,
      // Also formats Lambda's own lines, such as the report of a crash.
      loggingFormat: LoggingFormat.JSON,
      environment: {
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: stage.prefix,
        // Responses may contain users' data, which must not appear in traces.
        POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
      },
    })
    const prices = pricesOfStage(stage)
    if (prices) this.configure('PRICES', JSON.stringify(prices))
  }

  /** Sets a variable that the code parses at start. */
  configure(name: EnvironmentName, value: string): this {
    this.addEnvironment(name, value)
    return this
  }

  /** Grants exactly these actions on exactly these resources. */
  allow(actions: readonly string[], resources: readonly string[], conditions?: Conditions): this {
    this.addToRolePolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        ...(conditions ? { conditions } : {}),
      }),
    )
    return this
  }

  /** Denies these actions, whatever else allows them. */
  deny(actions: readonly string[], resources: readonly string[], conditions: Conditions): this {
    this.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: [...actions],
        resources: [...resources],
        conditions,
      }),
    )
    return this
  }

  /** Turns off Lambda's recursive loop detection (about 16 self-invocations); for functions that end their chain themselves. */
  mayInvokeItself(): this {
    const resource = this.node.defaultChild as CfnFunction
    resource.recursiveLoop = RecursiveLoop.ALLOW
    return this
  }

  /** Sends asynchronous invocations that failed to a dead-letter queue. */
  keepFailures(deadLetters: IQueue, retryAttempts: 0 | 1 | 2): this {
    this.configureAsyncInvoke({ onFailure: new SqsDestination(deadLetters), retryAttempts })
    return this
  }
}
