/**
 * The composition root of every function: each port as a function that makes it once per sandbox, at its first use. What a
 * function does not ask for is not in its bundle.
 */
import { Logger } from '@aws-lambda-powertools/logger'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SFNClient } from '@aws-sdk/client-sfn'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Environment, EnvironmentSchema } from '../shared/contracts/environment.ts'
import { OrchestratorError } from '../shared/domain/errors.ts'
import { describeIssues } from '../shared/domain/issue.ts'
import { issuesOfZod } from '../shared/domain/issues-of-zod.ts'
import type { PriceTable } from '../shared/domain/price-table.ts'
import { pricesWith } from '../shared/estimator/prices.ts'
import type {
  Agents,
  Breakers,
  Budgets,
  Clock,
  Collectables,
  EventBus,
  Executions,
  FileStore,
  Gates,
  Ids,
  Ledger,
  Limits,
  Loads,
  Machines,
  Outputs,
  Plans,
  Queue,
  Statistics,
  Steps,
  Tasks,
  Values,
  Workflows,
} from '../shared/ports/index.ts'
import { dynamodbBreakers } from './adapters/dynamodb/counters/breakers.ts'
import { dynamodbLimits } from './adapters/dynamodb/counters/limits.ts'
import { dynamodbStatistics } from './adapters/dynamodb/counters/statistics.ts'
import { dynamodbAgents } from './adapters/dynamodb/registry/agents.ts'
import { dynamodbCollectables } from './adapters/dynamodb/registry/collectables.ts'
import { dynamodbLoads } from './adapters/dynamodb/registry/loads.ts'
import { rememberingAgents, rememberingWorkflows } from './adapters/dynamodb/registry/remembering-lists.ts'
import { dynamodbWorkflows } from './adapters/dynamodb/registry/workflows.ts'
import { dynamodbGates } from './adapters/dynamodb/steps/gates.ts'
import { dynamodbLedger } from './adapters/dynamodb/steps/ledger.ts'
import { dynamodbOutputs } from './adapters/dynamodb/steps/outputs.ts'
import { dynamodbSteps } from './adapters/dynamodb/steps/steps.ts'
import { dynamodbBudgets } from './adapters/dynamodb/tasks/budgets.ts'
import { expiringTasks } from './adapters/dynamodb/tasks/expiring-tasks.ts'
import { dynamodbPlans } from './adapters/dynamodb/tasks/plans.ts'
import { dynamodbQueue } from './adapters/dynamodb/tasks/queue.ts'
import { taskExpiry } from './adapters/dynamodb/tasks/task-expiry.ts'
import { dynamodbTasks } from './adapters/dynamodb/tasks/tasks.ts'
import { eventbridgeEventBus } from './adapters/eventbridge/event-bus.ts'
import { invokeFunctionLater } from './adapters/lambda/invocations.ts'
import { nodeIds, systemClock } from './adapters/node-ids.ts'
import type { Patience } from './adapters/patience.ts'
import { type AnswerStore, s3AnswerStore } from './adapters/s3/answer-store.ts'
import { s3BlobStore } from './adapters/s3/blob-store.ts'
import { s3ExpiringBlobs } from './adapters/s3/expiring-blobs.ts'
import { s3FileStore } from './adapters/s3/file-store.ts'
import { blobValues } from './adapters/s3/values.ts'
import { stepfunctionsExecutions } from './adapters/stepfunctions/executions.ts'
import { stepfunctionsMachines } from './adapters/stepfunctions/machines.ts'
import { countingBus } from './telemetry/metrics.ts'

export const clock: Clock = systemClock

export const logger = (): Logger => once('logger', () => new Logger())

export const ids = (): Ids => once('ids', () => nodeIds(clock))

export const tasks = (): Tasks =>
  once('tasks', () => {
    const { BUCKET: bucket, TASK_RETENTION_DAYS: days } = environment()
    if (days === undefined) return dynamodbTasks(tasksTable())
    const marks = s3ExpiringBlobs({ client: s3(), bucket, now: clock.now })
    const expiry = taskExpiry({ ...tasksTable(), blobs: marks })
    return expiringTasks(dynamodbTasks({ ...tasksTable(), days }), { steps: steps(), expiry, days })
  })

export const plans = (): Plans => once('plans', () => dynamodbPlans({ ...tasksTable(), values: values() }))

export const steps = (): Steps => once('steps', () => dynamodbSteps(tasksTable()))

export const gates = (): Gates => once('gates', () => dynamodbGates(tasksTable()))

export const outputs = (): Outputs => once('outputs', () => dynamodbOutputs(tasksTable()))

export const values = (): Values =>
  once('values', () => {
    const blobs = s3BlobStore({ client: s3(), bucket: environment().BUCKET })
    return blobValues({ blobs, digest: ids().digest })
  })

/** What is known of tasks. */
export const taskPorts = () => ({
  tasks: tasks(),
  plans: plans(),
  steps: steps(),
  gates: gates(),
  outputs: outputs(),
  values: values(),
})

export const agents = (): Agents =>
  once('agents', () => rememberingAgents(dynamodbAgents({ ...registryTable(), onUnreadable }), clock))

export const workflows = (): Workflows =>
  once('workflows', () =>
    rememberingWorkflows(dynamodbWorkflows({ ...registryTable(), onUnreadable }), clock),
  )

export const loads = (): Loads => once('loads', () => dynamodbLoads({ ...registryTable(), clock }))

export const collectables = (): Collectables =>
  once('collectables', () => dynamodbCollectables(registryTable()))

const onUnreadable = (facts: object): void => logger().error('record not readable', { ...facts })

/** What is known of agents, workflows and machines. */
export const registryPorts = () => ({
  agents: agents(),
  workflows: workflows(),
  loads: loads(),
  collectables: collectables(),
})

export const breakers = (): Breakers =>
  once('breakers', () => dynamodbBreakers({ client: dynamodb(), table: environment().REGISTRY_TABLE }))

export const limits = (): Limits =>
  once('limits', () => dynamodbLimits({ client: dynamodb(), table: environment().REGISTRY_TABLE, clock }))

export const budgets = (): Budgets =>
  once('budgets', () => dynamodbBudgets({ client: dynamodb(), table: environment().TASKS_TABLE }))

export const ledger = (): Ledger =>
  once('ledger', () => dynamodbLedger({ client: dynamodb(), table: environment().TASKS_TABLE }))

export const queue = (): Queue =>
  once('queue', () => {
    const { TASKS_TABLE, TENANT_CONCURRENCY } = environment()
    return dynamodbQueue({ client: dynamodb(), table: TASKS_TABLE, most: TENANT_CONCURRENCY })
  })

/** Those of another region, or of a contract, come with the stage. */
export const prices = (): PriceTable => once('prices', () => pricesWith(environment().PRICES))

/** Its client reads numbers as text. */
export const statistics = (): Statistics =>
  once('statistics', () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
      unmarshallOptions: { wrapNumbers: (value) => value },
    })
    const table = environment().REGISTRY_TABLE
    return dynamodbStatistics({ client: withoutSdkLog(client), table, now: clock.now })
  })

export const files = (): FileStore =>
  once('files', () => s3FileStore({ client: s3(), bucket: environment().BUCKET }))

export const answers = (): AnswerStore =>
  once('answers', () => s3AnswerStore({ client: s3(), bucket: environment().BUCKET, digest: ids().digest }))

export const bus = (): EventBus =>
  once('bus', () =>
    countingBus(
      eventbridgeEventBus({
        client: withoutSdkLog(new EventBridgeClient({ cacheMiddleware: true })),
        busName: environment().EVENT_BUS,
        onLost: (facts) => logger().warn('event not published', facts),
      }),
    ),
  )

export const executions = (): Executions =>
  once('executions', () =>
    stepfunctionsExecutions({ client: sfn(), traceHeader: () => process.env._X_AMZN_TRACE_ID }),
  )

export const machines = (): Machines => once('machines', () => makeMachines())

/** For long work: where Step Functions asks to slow down, it waits. */
export const patientMachines = (patience: Patience): Machines => makeMachines(patience)

function makeMachines(patience?: Patience): Machines {
  const { MACHINES, MACHINE_ROLE, MACHINE_LOGS, MACHINE_TAGS, ...named } = environment()
  const { REBIND_FUNCTION, CONTROL_FUNCTION, TASKS_TABLE } = named
  return stepfunctionsMachines({
    client: sfn(),
    arnPrefix: MACHINES ?? '',
    roleArn: MACHINE_ROLE ?? '',
    logGroupArn: MACHINE_LOGS,
    tags: MACHINE_TAGS,
    substitutions: {
      RebindFunction: REBIND_FUNCTION ?? '',
      ControlFunction: CONTROL_FUNCTION ?? '',
      TasksTable: TASKS_TABLE,
    },
    ...(patience ? { patience } : {}),
  })
}

/** Has a function invoked, and waits for no answer. */
export const invokeLater = (functionName: string, event: object): Promise<void> =>
  invokeFunctionLater(
    once('lambda', () => new LambdaClient({})),
    functionName,
    event,
  )

/** Throws ConfigError naming what is missing. */
const environment = (): Environment =>
  once('environment', () => {
    const parsed = EnvironmentSchema.safeParse(process.env)
    if (parsed.success) return parsed.data
    const issues = issuesOfZod(parsed.error, { schema: EnvironmentSchema })
    const message = `this function's environment is not complete: ${describeIssues(issues)}`
    throw new OrchestratorError('ConfigError', message)
  })

const registryTable = () => ({ client: dynamodb(), table: environment().REGISTRY_TABLE })

const tasksTable = () => ({ client: dynamodb(), table: environment().TASKS_TABLE })

const dynamodb = (): DynamoDBDocumentClient =>
  once('dynamodb', () =>
    withoutSdkLog(
      DynamoDBDocumentClient.from(new DynamoDBClient({}), {
        marshallOptions: { removeUndefinedValues: true },
      }),
    ),
  )

const s3 = (): S3Client => once('s3', () => new S3Client({}))

const sfn = (): SFNClient => once('sfn', () => new SFNClient({ cacheMiddleware: true }))

const made = new Map<string, unknown>()

function once<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make())
  return made.get(name) as T
}

/** The SDK's log output is not used, and preparing it takes a sixth of a call's time. */
function withoutSdkLog<T extends { middlewareStack: { remove(name: string): boolean } }>(client: T): T {
  client.middlewareStack.remove('loggerMiddleware')
  return client
}
