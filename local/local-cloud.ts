import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SecretSourcesSchema } from '../shared/domain/secret-source.ts'
import { Deployment } from './assembly/deployment.ts'
import { IGNORABLE, makeProvisioners, makeRemovers } from './assembly/provisioners.ts'
import { readAssembly } from './assembly/read-assembly.ts'
import { type AwsCall, answerAws } from './aws/answer.ts'
import type { ModelSource } from './bedrock-runtime/service.ts'
import { isStreamOfBedrock } from './bedrock-runtime/wire.ts'
import { CustomResourceAnswers } from './cloudformation/answers.ts'
import { answerByMessage } from './endpoint/answer-by-message.ts'
import { type Answer, answerOrRefuse, createEndpoint } from './endpoint/endpoint-server.ts'
import { type Asked, askAsUser } from './gateway/ask-as-user.ts'
import { ServedApi } from './gateway/gateway-api.ts'
import { createGateway } from './gateway/gateway-server.ts'
import type { FunctionVariables } from './lambda/provision.ts'
import { DebugPorts } from './lambda/sandbox/debug-ports.ts'
import type { ServiceCall } from './lambda/sandbox/messages.ts'
import { type ConnectionLimits, limitConnections } from './limit-connections.ts'
import type { ReadLog } from './logs/service.ts'
import { crossOriginOf } from './s3/cross-origin.ts'
import type { SecretsService } from './secretsmanager/service.ts'
import { startServices } from './services.ts'

export { readScript, ScriptError } from './bedrock-runtime/script-file.ts'

export type LocalCloudOptions = {
  /** The folder that `cdk synth` wrote. */
  assembly: string
  /** The folder for tables and objects; by default memory and a temporary folder. */
  dataFolder?: string
  /** What language models answer: by a script, or a server that speaks OpenAI's chat completions; by default none answers. */
  models?: ModelSource
  /** 0 for any free port. */
  apiPort?: number
  awsPort?: number
  /** Serves the API that asks for tokens and keys, and not the one that is open to the user of this machine. */
  auth?: boolean
  /** Milliseconds, by which answers of authorizers are kept; those of this process by default. */
  now?: () => number
  /** Limits of connections, for each port. */
  connections?: Partial<ConnectionLimits>
  onLog?: (functionName: string, text: string) => void
  /** The lines that `onLog` was told of, oldest first; by default the newest of them, from memory. */
  readLog?: ReadLog
  /**
   * Debuggers can attach to the sandboxes of some functions, at this port and those after it. These functions have no time limit, and
   * neither have states that wait for a task.
   */
  inspect?: {
    port: number
    isDebugged(functionName: string): boolean
    onOpen(functionName: string, port: number): void
  }
  /** Changes a function's variables of the template, which are meant for AWS; called at the start and at each update. */
  environment?: FunctionVariables
  /** Called with each call of an AWS service before it is answered. */
  onCall?: (call: AwsCall) => void
  /** Called with each event that its target did not accept: with the dead-letter queue that has it, or the target where there is none. */
  onDeadLetter?: (arn: string, reason: string) => void
}

export type LocalCloud = {
  apiUrl: string
  /** The value for `AWS_ENDPOINT_URL`. */
  awsUrl: string
  /** A request of this machine's user, by no port: also where the port asks for tokens. */
  askAsUser(asked: Asked): Promise<{ status: number; body: unknown }>
  /** Types of resources that were left out. */
  ignored: readonly string[]
  /** A line for each secret that a function reads and that is not there, with what to write. */
  secretProblems(): Promise<string[]>
  /** Settles only when the storage fails, after which nothing works. */
  failed: Promise<Error>
  /**
   * Updates the running resources to another assembly, one update at a time. Executions in flight end with their old definition. On
   * failure the former resources stay in service; rejects with RestartNeeded, or with the error of a resource.
   */
  update(assembly: string): Promise<void>
  stop(): Promise<void>
}

/** Tells which secrets a function reads, by its variables, and reads the parameters that these name, as CloudFormation does. */
const tellingSecrets =
  (secrets: SecretsService, environment: FunctionVariables | undefined): FunctionVariables =>
  async (name, variables) => {
    const own = (await environment?.(name, variables)) ?? variables
    secrets.expect(name, SecretSourcesSchema.parse(JSON.parse(own.SECRETS ?? '{}')))
    return secrets.withParameters(name, own)
  }

const HOST = '127.0.0.1'
const NO_SUCH_DOOR =
  'the assembly has no API that asks for tokens: synthesize a stage with `identity`, or with ORCHESTRATOR_AUTH=true'
/** For an answer that comes in pieces: a message without a body has the sandbox ask the port. */
const ASK_THE_PORT = { status: 200, headers: {} }

/** Brings up the synthesized assembly on this machine, behind AWS's wire protocols. Rejects with `EADDRINUSE` for a taken port. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const assembly = await readAssembly(options.assembly)
  const assets = new Map(assembly.assets)
  const answers = new CustomResourceAnswers()
  const served = new ServedApi({ asksForTokens: options.auth === true })
  const { inspect } = options
  const services = await startServices({ ...options, callTimeouts: inspect === undefined })
  const { dynamodb, logs, stepfunctions } = services
  const onLog = (name: string, text: string): void => {
    if (options.readLog === undefined) logs.note(name, text)
    options.onLog?.(name, text)
  }
  const servers: Server[] = []
  const stopping = new AsyncDisposableStack()
  stopping.defer(() => services.closeStorage())
  stopping.defer(async () => void (await Promise.all(servers.map(close))))
  stopping.defer(() => services.stop())
  const stop = (): Promise<void> => stopping.disposeAsync()

  try {
    const gateway = createGateway(served, services.invokeAs('apigateway.amazonaws.com'), { now: options.now })
    servers.push(gateway)
    limitConnections(gateway, options.connections)
    const apiUrl = `http://localhost:${await listen(gateway, options.apiPort ?? 0)}`
    served.url = apiUrl
    const onCloudFormationAnswer = (id: string, body: string): void => answers.take(id, body)
    const asked = { ...services, onCall: options.onCall, onCloudFormationAnswer }
    const answer: Answer = (request) => answerAws(asked, request)
    const endpoint = createEndpoint(answer, (request) =>
      crossOriginOf(services.objects, services.iam, request),
    )
    servers.push(endpoint)
    limitConnections(endpoint, options.connections)
    const awsUrl = `http://${HOST}:${await listen(endpoint, options.awsPort ?? 0)}`
    const provisioners = makeProvisioners({
      ...services,
      assets,
      api: served,
      awsUrl,
      onServiceCall: serviceCalls(answer),
      onLog,
      answers,
      environment: tellingSecrets(services.secrets, options.environment),
      ...(inspect ? { debugging: { ...inspect, ports: new DebugPorts(inspect.port, inspect.onOpen) } } : {}),
    })
    const { account, region } = services
    const deployment = new Deployment(
      { account, region, provisioners, ignorable: IGNORABLE },
      makeRemovers(services),
    )
    const [{ ignored }] = await Promise.all([deployment.create(assembly), dynamodb.ready()])
    await dynamodb.ready()
    await stepfunctions.resume()
    services.startWork()
    if (served.asksForTokens && !served.api) throw new Error(NO_SUCH_DOOR)
    served.isStarting = false
    return {
      apiUrl,
      awsUrl,
      ignored,
      askAsUser: (asked) => askAsUser(served, services.invokeAs('apigateway.amazonaws.com'), asked),
      secretProblems: () => services.secrets.problems(),
      failed: Promise.race([dynamodb.failed, services.broken]),
      async update(folder) {
        const next = await readAssembly(folder)
        for (const [key, path] of next.assets) assets.set(key, path)
        await deployment.update(next)
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Calls of AWS that functions make by message. */
const serviceCalls =
  (answer: Answer) =>
  async ({ body, ...call }: ServiceCall) =>
    isStreamOfBedrock(call.path)
      ? ASK_THE_PORT
      : answerByMessage(await answerOrRefuse(answer, { ...call, body: Buffer.from(body) }))

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
