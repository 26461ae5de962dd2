import { Logger } from '@aws-lambda-powertools/logger'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Environment, EnvironmentSchema } from '../shared/contracts/environment.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import { describeIssues, issuesOfZod } from '../shared/domain/issue.ts'
import type { Ports } from '../shared/ports/index.ts'
import { dynamodbRegistry } from './adapters/dynamodb-registry.ts'
import { dynamodbTaskStore } from './adapters/dynamodb-task-store.ts'
import { eventbridgeEventBus } from './adapters/eventbridge-event-bus.ts'
import { nodeIds, systemClock } from './adapters/node-ids.ts'
import { s3BlobStore } from './adapters/s3-blob-store.ts'
import { s3FileStore } from './adapters/s3-file-store.ts'
import { stepfunctionsExecutions } from './adapters/stepfunctions-executions.ts'
import { stepfunctionsMachines } from './adapters/stepfunctions-machines.ts'
import { countingBus } from './metrics.ts'

export type Deps = Ports & { logger: Logger }

let deps: Deps | undefined

/** The composition root of every function: once per sandbox, at its first use. Throws ConfigError naming what is missing. */
export function getDeps(): Deps {
  deps ??= createDeps(process.env)
  return deps
}

function createDeps(variables: NodeJS.ProcessEnv): Deps {
  const parsed = EnvironmentSchema.safeParse(variables)
  if (!parsed.success) {
    const message = `this function's environment is not complete: ${describeIssues(issuesOfZod(parsed.error))}`
    throw new OrchestratorError('ConfigError', message)
  }
  const { REGISTRY_TABLE, TASKS_TABLE, BUCKET, EVENT_BUS } = parsed.data
  const sfn = new SFNClient({ cacheMiddleware: true })
  const logger = new Logger()
  const clock = systemClock
  const ids = nodeIds(clock)
  const dynamodb = withoutSdkLog(
    DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
  )
  const s3 = new S3Client({})
  const blobs = s3BlobStore({ client: s3, bucket: BUCKET })
  return {
    logger,
    clock,
    ids,
    tasks: dynamodbTaskStore({ client: dynamodb, table: TASKS_TABLE, blobs, digest: ids.digest }),
    registry: dynamodbRegistry({ client: dynamodb, table: REGISTRY_TABLE, clock }),
    files: s3FileStore({ client: s3, bucket: BUCKET }),
    bus: countingBus(
      eventbridgeEventBus({
        client: withoutSdkLog(new EventBridgeClient({ cacheMiddleware: true })),
        busName: EVENT_BUS,
        onLost: (facts) => logger.warn('event not published', facts),
      }),
    ),
    executions: stepfunctionsExecutions({ client: sfn, traceHeader: () => process.env._X_AMZN_TRACE_ID }),
    machines: stepfunctionsMachines({ client: sfn, ...machineSettings(parsed.data) }),
  }
}

function machineSettings(variables: Environment) {
  const { MACHINES, MACHINE_ROLE, REBIND_FUNCTION, CONTROL_FUNCTION, TASKS_TABLE } = variables
  return {
    arnPrefix: MACHINES ?? '',
    roleArn: MACHINE_ROLE ?? '',
    substitutions: {
      RebindFunction: REBIND_FUNCTION ?? '',
      ControlFunction: CONTROL_FUNCTION ?? '',
      TasksTable: TASKS_TABLE,
    },
  }
}

/** Nobody reads what the SDK logs; preparing it for nobody is a sixth of a call's work. */
function withoutSdkLog<T extends { middlewareStack: { remove(name: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware')
  return client
}
