import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { provision } from './assembly/provision.ts'
import { IGNORABLE, makeProvisioners } from './assembly/provisioners.ts'
import { readAssembly } from './assembly/read-assembly.ts'
import { DynamoDBService } from './dynamodb/dynamodb-service.ts'
import { type AwsCall, answerAws } from './endpoint/answer-aws.ts'
import { AwsError } from './endpoint/aws-error.ts'
import { createEndpoint } from './endpoint/endpoint-server.ts'
import { EventsService } from './events/events-service.ts'
import { createGateway, type GatewayRoute } from './gateway/gateway-server.ts'
import { IamService } from './iam/iam-service.ts'
import type { Invocation } from './lambda/lambda-function.ts'
import { LambdaService } from './lambda/lambda-service.ts'
import { ObjectStore } from './s3/object-store.ts'
import { realClock } from './stepfunctions/clock.ts'
import type { Execution } from './stepfunctions/execution.ts'
import type { Integration } from './stepfunctions/integrations.ts'
import { StepFunctionsService } from './stepfunctions/service.ts'
import { StateError } from './stepfunctions/state-error.ts'

export type LocalCloudOptions = {
  /** What `cdk synth` wrote. */
  assembly: string
  /** Where tables and objects are kept; in memory and a temporary folder without it. */
  dataFolder?: string
  /** 0 for any free port. */
  apiPort?: number
  awsPort?: number
  onLog?: (functionName: string, text: string) => void
  /** A call of an AWS service, before it is answered. */
  onCall?: (call: AwsCall) => void
  /** An event that no target took. */
  onDeadLetter?: (queueArn: string, reason: string) => void
}

export type LocalCloud = {
  apiUrl: string
  /** For `AWS_ENDPOINT_URL`. */
  awsUrl: string
  /** Types of resources that were left out. */
  ignored: readonly string[]
  /** Settles only when the storage fails: nothing works after that. */
  failed: Promise<Error>
  stop(): Promise<void>
}

const ACCOUNT = '000000000000'
const REGION = 'us-east-1'
const HOST = '127.0.0.1'

/** Brings up the synthesized assembly on this machine, behind AWS's wire protocols. Rejects with `EADDRINUSE` for a taken port. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { stacks, assets } = await readAssembly(options.assembly)
  const answers = new Map<string, (answer: { Status: string; Reason?: string }) => void>()
  const routes: GatewayRoute[] = []
  const iam = new IamService()
  const lambda = new LambdaService()
  const events: EventsService = new EventsService({
    account: ACCOUNT,
    region: REGION,
    deliver: async (arn, event) => {
      const outcome = await invokeAs('events.amazonaws.com')(arn, JSON.stringify(event))
      if ('functionError' in outcome)
        throw new Error(`${outcome.functionError.errorType}: ${outcome.functionError.errorMessage}`)
    },
    deadLetter: (queueArn, _event, reason) => options.onDeadLetter?.(queueArn, reason),
  })
  const stepfunctions = new StepFunctionsService({
    clock: realClock,
    integrations: { 'lambda:invoke': guarded(iam, lambda.integration) },
    onStatusChange: (execution) =>
      events.publishAws('aws.states', 'Step Functions Execution Status Change', statusChange(execution)),
  })

  const gateway = createGateway(routes, invokeAs('apigateway.amazonaws.com'))
  const closers: (() => Promise<void> | void)[] = []
  /** What hands out work first, what does it last; the tables when nobody can ask for them any more. */
  const stop = async (): Promise<void> => {
    stepfunctions.stop()
    for (const close of closers.splice(0).reverse()) await close()
  }

  try {
    const api = await listen(gateway, options.apiPort ?? 0)
    closers.push(() => close(gateway))
    const dynamodb = await DynamoDBService.start(options.dataFolder && join(options.dataFolder, 'dynamodb'))
    closers.unshift(() => dynamodb.stop())
    const objects = await ObjectStore.open(options.dataFolder && join(options.dataFolder, 's3'))
    closers.unshift(() => objects.close())
    closers.push(
      () => events.stop(),
      () => lambda.stop(),
    )
    const services = {
      account: ACCOUNT,
      region: REGION,
      dynamodb,
      events,
      iam,
      lambda,
      objects,
      stepfunctions,
      onCall: options.onCall,
      onCloudFormationAnswer: (id: string, body: string) =>
        answers.get(id)?.(JSON.parse(body) as { Status: string }),
    }
    const endpoint = createEndpoint((request) => answerAws(services, request))
    const aws = await listen(endpoint, options.awsPort ?? 0)
    closers.push(() => close(endpoint))
    const awsUrl = `http://${HOST}:${aws}`
    const provisioners = makeProvisioners({
      ...services,
      assets,
      routes,
      awsUrl,
      ...(options.onLog ? { onLog: options.onLog } : {}),
      awaitAnswer: (id) => new Promise((resolve) => answers.set(id, resolve)),
    })
    const { ignored } = await provision(
      { stacks, assets },
      { account: ACCOUNT, region: REGION, provisioners, ignorable: IGNORABLE },
    )
    events.startSchedules()
    return { apiUrl: `http://localhost:${api}`, awsUrl, ignored, failed: dynamodb.failed, stop }
  } catch (error) {
    await stop()
    throw error
  }

  /** A service may call a function that has granted it. */
  function invokeAs(principal: string) {
    return async (arn: string, payload: string): Promise<Invocation> => {
      if (lambda.isPermitted(arn, principal)) return lambda.invoke(arn, payload)
      options.onLog?.(
        arn.split(':').at(-1) ?? arn,
        `${principal} has no permission to invoke this function\n`,
      )
      return {
        functionError: {
          errorType: 'AccessDeniedException',
          errorMessage: `${principal} may not invoke ${arn}`,
          trace: [],
        },
      }
    }
  }
}

/** The machine's own role decides what it may invoke. */
function guarded(iam: IamService, integration: Integration): Integration {
  return async (call) => {
    try {
      iam.authorizeRole(call.roleArn, 'lambda:InvokeFunction', String(call.arguments.FunctionName))
    } catch (error) {
      if (error instanceof AwsError) throw new StateError(`Lambda.${error.code}`, error.message)
      throw error
    }
    return integration(call)
  }
}

function statusChange({ from, status, startedAt, stoppedAt, error, cause }: Execution): object {
  return {
    executionArn: from.executionArn,
    stateMachineArn: from.stateMachineArn,
    name: from.name,
    status,
    startDate: startedAt,
    stopDate: stoppedAt ?? null,
    error: error ?? null,
    cause: cause ?? null,
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
