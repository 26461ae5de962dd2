import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startAgeing } from './ageing.ts'
import { BedrockRuntimeService, type ModelSource } from './bedrock-runtime/service.ts'
import { DynamoDBService } from './dynamodb/service.ts'
import { EmailService } from './email/service.ts'
import { EventsService } from './events/service.ts'
import { IamService } from './iam/service.ts'
import { KmsService } from './kms/service.ts'
import { AsynchronousInvocations } from './lambda/asynchronous/service.ts'
import { EventSourceMappings } from './lambda/event-sources/service.ts'
import type { Invocation } from './lambda/function-settings.ts'
import { RunningJournal } from './lambda/running-journal.ts'
import { LambdaService } from './lambda/service.ts'
import { LogsService, type ReadLog } from './logs/service.ts'
import { ObjectStore } from './s3/object-store.ts'
import { Uploads } from './s3/uploads.ts'
import { SecretsService } from './secretsmanager/service.ts'
import { deliverDeadLetter, deliverEvent, sendFailure } from './sqs/deliver.ts'
import { SqsService } from './sqs/service.ts'
import type { Authorize } from './stepfunctions/integrations/authorize.ts'
import { dynamodbIntegration } from './stepfunctions/integrations/dynamodb.ts'
import { lambdaIntegrations } from './stepfunctions/integrations/lambda-invoke.ts'
import { putEventsIntegration } from './stepfunctions/integrations/put-events.ts'
import { realClock } from './stepfunctions/run/clock.ts'
import { StepFunctionsService } from './stepfunctions/service.ts'
import type { ExecutionRow, ExecutionStore } from './stepfunctions/store/execution-store.ts'
import { memoryStore } from './stepfunctions/store/memory-store.ts'
import { sqliteStore } from './stepfunctions/store/sqlite-store.ts'

const PLACE = { account: '000000000000', region: 'us-east-1' }

type Options = {
  /** Whether task states time out. */
  callTimeouts: boolean
  dataFolder?: string
  /** What language models answer. */
  models?: ModelSource | undefined
  onLog?: (functionName: string, text: string) => void
  readLog?: ReadLog | undefined
  onDeadLetter?: (queueArn: string, reason: string) => void
}

/** The services of the local cloud, connected to one another; permissions are those of the templates' policies. */
export async function startServices(options: Options) {
  const { dataFolder, onLog, readLog, callTimeouts } = options
  const logs = new LogsService({ read: readLog })
  const secrets = new SecretsService({
    file: dataFolder && join(dataFolder, 'secrets.json'),
    environment: process.env,
  })
  const bedrock = await BedrockRuntimeService.open(options.models)
  const { executions, running, dynamodb, objects, sqs, storage } = await openStorage(dataFolder)
  const broken = Promise.withResolvers<Error>()
  const iam = new IamService()
  const email = new EmailService(dataFolder && join(dataFolder, 'emails'))
  const lambda = new LambdaService({ journal: running })
  const { asynchronous, mappings, events } = connectEvents({ lambda, iam, sqs }, options)
  const authorize: Authorize = (roleArn, action, resource) => iam.authorizeRole(roleArn, action, resource)
  const busArn = (name: string): string => `arn:aws:events:${PLACE.region}:${PLACE.account}:event-bus/${name}`
  const stepfunctions = new StepFunctionsService({
    clock: realClock,
    callTimeouts,
    store: executions,
    authorize,
    integrations: {
      ...lambdaIntegrations(lambda, authorize),
      ...putEventsIntegration(events, busArn, authorize),
      ...dynamodbIntegration(dynamodb, PLACE, authorize),
    },
    onStatusChange: (execution) =>
      events.publishAws('aws.states', 'Step Functions Execution Status Change', statusChange(execution)),
    onBroken: (reason) => broken.resolve(reason),
  })
  const stopping = new AsyncDisposableStack()
  stopping.defer(() => events.stop())
  stopping.defer(() => lambda.stop())
  stopping.defer(() => events.close())
  stopping.defer(() => stepfunctions.stop())
  stopping.defer(() => mappings.stop())
  stopping.defer(() => sqs.stop())

  return {
    ...PLACE,
    bedrock,
    dynamodb,
    objects,
    email,
    secrets,
    iam,
    kms: new KmsService(dataFolder && join(dataFolder, 'kms')),
    lambda,
    logs,
    asynchronous,
    mappings,
    sqs,
    events,
    stepfunctions,
    /** A service may invoke a function that has a permission for it. */
    invokeAs: (principal: string) => invoking({ lambda, onLog }, principal),
    /** Starts what works by itself. */
    startWork(): void {
      events.startSchedules()
      mappings.start()
    },
    /** Settles when the store of executions fails. */
    broken: broken.promise,
    /** Stops producers of work first, and its consumers last. */
    stop: () => stopping.disposeAsync(),
    /** To be called when nothing can use the storage any more. */
    closeStorage: () => storage.disposeAsync(),
  }
}

function invoking({ lambda, onLog }: { lambda: LambdaService; onLog: Options['onLog'] }, principal: string) {
  return async (arn: string, payload: string, key?: string): Promise<Invocation> => {
    if (lambda.isPermitted(arn, principal)) return lambda.invoke(arn, payload, key)
    onLog?.(arn.split(':').at(-1) ?? arn, `${principal} has no permission to invoke this function\n`)
    const errorMessage = `${principal} may not invoke ${arn}`
    return { functionError: { errorType: 'AccessDeniedException', errorMessage, trace: [] } }
  }
}

/** What brings events and messages to functions, and failures to queues. */
function connectEvents(
  { lambda, iam, sqs }: { lambda: LambdaService; iam: IamService; sqs: SqsService },
  { onLog, onDeadLetter }: Pick<Options, 'onLog' | 'onDeadLetter'>,
) {
  const asynchronous = new AsynchronousInvocations({
    lambda,
    clock: realClock,
    send: (arn, record, functionArn) => sendFailure({ sqs, iam, lambda }, arn, { record, functionArn }),
    onLog,
  })
  const mappings = new EventSourceMappings({ lambda, iam, clock: realClock, region: PLACE.region, onLog })
  const events = new EventsService({
    ...PLACE,
    deliver: (arn, event, ruleArn) =>
      deliverEvent({ sqs, lambda, asynchronous }, arn, { event, ruleArn, key: keyOf(arn, event) }),
    deadLetter(queueArn, letter) {
      onDeadLetter?.(queueArn ?? letter.targetArn, letter.message)
      const lost = queueArn === undefined ? undefined : deliverDeadLetter(sqs, queueArn, letter)
      if (lost !== undefined) onDeadLetter?.(String(queueArn), lost)
    },
  })
  return { asynchronous, mappings, events }
}

/** A key that is equal when the event is delivered again after a restart. Schedules have none: they fire anew. */
function keyOf(arn: string, event: Record<string, unknown>): string | undefined {
  if (event.source === 'aws.events') return undefined
  const told = JSON.stringify([event.source, event['detail-type'], event.detail])
  return `${arn} ${createHash('sha256').update(told).digest('base64url')}`
}

type Storage = {
  executions: ExecutionStore
  running: RunningJournal | undefined
  dynamodb: DynamoDBService
  objects: ObjectStore
  sqs: SqsService
  storage: AsyncDisposableStack
}

async function openStorage(folder: string | undefined): Promise<Storage> {
  if (folder) await mkdir(folder, { recursive: true })
  const storage = new AsyncDisposableStack()
  try {
    const dynamodb = new DynamoDBService(folder && join(folder, 'dynamodb'))
    storage.defer(() => dynamodb.stop())
    const objects = await ObjectStore.open(folder && join(folder, 's3'))
    storage.defer(() => objects.close())
    storage.defer(startAgeing({ dynamodb, objects }))
    await new Uploads(objects).sweep()
    const executions = folder ? sqliteStore(join(folder, 'executions.sqlite')) : memoryStore()
    // Opened after the executions, whose lock keeps out a second local cloud.
    const running = folder ? await RunningJournal.open(join(folder, 'running')) : undefined
    const sqs = new SqsService({ ...PLACE, file: folder && join(folder, 'queues.sqlite') })
    storage.defer(() => sqs.close())
    return { executions, running, dynamodb, objects, sqs, storage }
  } catch (error) {
    await storage.disposeAsync()
    throw error
  }
}

function statusChange({
  executionArn,
  stateMachineArn,
  stateMachineVersionArn,
  name,
  status,
  startedAt,
  stoppedAt,
  error,
  cause,
}: ExecutionRow): object {
  return {
    executionArn,
    stateMachineArn,
    stateMachineVersionArn: stateMachineVersionArn ?? null,
    name,
    status,
    startDate: startedAt,
    stopDate: stoppedAt ?? null,
    error: error ?? null,
    cause: cause ?? null,
  }
}
