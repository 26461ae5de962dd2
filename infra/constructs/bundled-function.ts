import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { EnvironmentName } from '../../shared/contracts/environment.ts'
import type { Stage } from '../stage.ts'

export type BundledFunctionProps = {
  readonly stage: Stage
  /** The last part of the function's name. */
  readonly name: string
  readonly description: string
  /** The folder with `index.mjs`. */
  readonly folder: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
}

/** A Lambda function of ours: arm64, Node 24, traced, its log group with a retention. */
export class BundledFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    id: string,
    { stage, name, description, folder, timeoutSeconds, memoryMb }: BundledFunctionProps,
  ) {
    const functionName = `${stage.prefix}-${name}`
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: stage.logRetentionDays as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    super(scope, id, {
      functionName,
      description,
      code: Code.fromAsset(folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      logGroup,
      environment: {
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: stage.prefix,
        // Answers may hold what users submitted: they are nobody's to read in a trace.
        POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
      },
    })
  }

  /** Sets a variable that the code parses at start. */
  configure(name: EnvironmentName, value: string): this {
    this.addEnvironment(name, value)
    return this
  }

  /** Grants exactly these actions on exactly these resources. */
  allow(actions: readonly string[], resources: readonly string[]): this {
    this.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
    return this
  }
}
