import { appendFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { constants, setPriority } from 'node:os'
import { pathToFileURL } from 'node:url'
import {
  type FromSandbox,
  type FunctionError,
  type Invoke,
  MAX_ANSWER_BYTES,
  type SandboxSettings,
  type ToSandbox,
} from './messages.ts'
import { callServicesByMessage } from './service-calls.ts'

type Handler = (event: unknown, context: object) => unknown

/** Error messages are cut here: they are for people to read. */
const MAX_MESSAGE_CHARACTERS = 32_768
const MAX_TRACE_LINES = 100
/** The exit codes of Lambda's Node.js runtime after an unhandled rejection and an uncaught exception. */
const UNHANDLED_EXIT_CODE = 128
const UNCAUGHT_EXIT_CODE = 129

/** The runtime of a sandbox process: loads the bundle, then runs invocations concurrently. */
const {
  entry,
  handler: handlerName,
  functionName,
  functionArn,
  memoryMb,
  inBackground,
  alibis,
} = JSON.parse(process.env.ORCHESTRATOR_SANDBOX ?? '{}') as SandboxSettings
delete process.env.ORCHESTRATOR_SANDBOX

// A terminal sends Ctrl-C to the whole process group; the local cloud ends its sandboxes itself.
process.on('SIGINT', () => {})

const channel = takeChannel()
// A failed send means the local cloud is gone: `disconnect` follows.
const send = (message: FromSandbox): void => channel.send(message, () => {})
/** The keys of the running invocations. */
const underWay = new Map<string, string | undefined>()

if (inBackground) giveWay()
protectOthers()
process.on('disconnect', outlive)
process.on('uncaughtException', (error) => {
  console.error(error)
  crash(describe(error), UNCAUGHT_EXIT_CODE)
})
process.on('unhandledRejection', (reason) => {
  console.error('unhandled rejection', reason)
  const { errorType, errorMessage, trace } = describe(reason)
  const message = reason instanceof Error ? `${errorType}: ${errorMessage}` : errorMessage
  crash({ errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: message, trace }, UNHANDLED_EXIT_CODE)
})

for (const stream of [process.stdout, process.stderr]) {
  // What an agent has written before it blocks the event loop, or the process dies, must be out by then.
  if (!inBackground) writeInTurns(stream)
  stream.on('error', () => {})
}
const endpoint = process.env.AWS_ENDPOINT_URL
const answer = endpoint === undefined ? undefined : callServicesByMessage(new URL(endpoint), send)

const handler = await loadHandler()
// Compiling the bundle is most of a cold start, so its result is cached.
flushCompileCache()

process.on('message', (message: ToSandbox) => {
  if (message.kind === 'answer') answer?.(message)
  else if (message.kind === 'ping') send({ kind: 'pong' })
  else if (handler) void invoke(handler, message)
})
if (handler) send({ kind: 'ready' })

/** The channel is reserved for the runtime: as on Lambda, the bundle finds none. */
function takeChannel() {
  const send = process.send?.bind(process) as (message: FromSandbox, done?: () => void) => void
  Object.assign(process, { send: undefined })
  return { send }
}

/** Lowers this process's priority, so that others go first when processors are scarce. */
function giveWay(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Without permission it keeps its priority.
  }
}

/** Keeps the bundle from signalling other processes: on Lambda there are none. */
function protectOthers(): void {
  const kill = process.kill.bind(process)
  process.kill = (pid, signal) => {
    if (pid > 1 && pid !== process.ppid) return kill(pid, signal)
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM', syscall: 'kill' })
  }
}

/** The local cloud is gone and this process is not blocked: records that its invocations outlived it, then ends. */
function outlive(): never {
  const keys = [...underWay.values()].filter((key) => key !== undefined)
  if (alibis && keys.length > 0) {
    appendFileSync(alibis.file, keys.map((key) => `${JSON.stringify([alibis.life, key])}\n`).join(''))
  }
  process.exit(0)
}

/** Invocations overlap here, so that who has caused it shows when each is run alone (sandbox/L4). */
function crash(error: FunctionError, exitCode: number): void {
  channel.send({ kind: 'crashed', error }, () => process.exit(exitCode))
}

/** Batches log lines: those of one turn of the event loop are written together, after the answers of that turn. */
function writeInTurns(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  let held = false
  const release = (): void => {
    if (held) stream.uncork()
    held = false
  }
  stream.write = ((...given: unknown[]) => {
    if (!held) {
      held = true
      stream.cork()
      setImmediate(release)
    }
    return write(...given)
  }) as typeof stream.write
  process.on('exit', release)
}

async function loadHandler(): Promise<Handler | undefined> {
  try {
    const bundle = (await import(pathToFileURL(entry).href)) as Record<string, unknown>
    const found = bundle[handlerName]
    if (typeof found === 'function') return found as Handler
    throw Object.assign(new Error(`${functionName} exports no ${handlerName}`), {
      name: 'Runtime.HandlerNotFound',
    })
  } catch (error) {
    send({ kind: 'unusable', error: describe(error) })
    return undefined
  }
}

async function invoke(run: Handler, { id, payload, deadline, key }: Invoke): Promise<void> {
  underWay.set(id, key)
  const outcome = await outcomeOf(run, payload, contextOf(id, deadline))
  underWay.delete(id)
  send({ id, ...outcome })
}

async function outcomeOf(run: Handler, payload: string, context: object) {
  try {
    const result = JSON.stringify(await run(JSON.parse(payload), context)) ?? 'null'
    const bytes = Buffer.byteLength(result)
    if (bytes <= MAX_ANSWER_BYTES) return { kind: 'result' as const, payload: result }
    throw Object.assign(
      new Error(
        `Response payload size exceeded maximum allowed payload size (${MAX_ANSWER_BYTES} bytes): it has ${bytes}.`,
      ),
      { name: 'Function.ResponseSizeTooLarge' },
    )
  } catch (error) {
    return { kind: 'error' as const, error: describe(error) }
  }
}

/** A thrown value may have no text: `Object.create(null)`, or a `toString` that throws. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

function contextOf(awsRequestId: string, deadline: number): object {
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
}

/** In the format of Lambda's Node.js runtime, with the error's name as its type. */
function describe(error: unknown): FunctionError {
  const message = (text: string): string => text.slice(0, MAX_MESSAGE_CHARACTERS)
  if (!(error instanceof Error))
    return { errorType: typeof error, errorMessage: message(textOf(error)), trace: [] }
  const trace = message(error.stack ?? '').split('\n')
  return {
    errorType: message(String(error.name)),
    errorMessage: message(String(error.message)),
    trace: trace.slice(0, MAX_TRACE_LINES),
  }
}
