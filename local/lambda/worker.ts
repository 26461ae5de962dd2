import { flushCompileCache } from 'node:module'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { giveWay } from './give-way.ts'
import type { FromWorker, FunctionError, Invoke, ToWorker, WorkerData } from './messages.ts'
import { callServicesByMessage } from './service-calls.ts'

type Handler = (event: unknown, context: object) => unknown

/** The runtime inside a worker thread: loads the bundle, then runs invocations side by side. */
const {
  entry,
  handler: handlerName,
  functionName,
  functionArn,
  memoryMb,
  inBackground,
} = workerData as WorkerData

if (inBackground) giveWay()

const send = (message: FromWorker): void => parentPort?.postMessage(message)

for (const stream of [process.stdout, process.stderr]) writeInTurns(stream)
const endpoint = process.env.AWS_ENDPOINT_URL
const answer = endpoint === undefined ? undefined : callServicesByMessage(new URL(endpoint), send)

const handler = await loadHandler()
// Most of a cold start is compiling the bundle: the next time it is there already.
flushCompileCache()

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'answer') answer?.(message)
  else if (message.kind === 'ping') send({ kind: 'pong', id: message.id })
  else if (handler) void invoke(handler, message)
})
if (handler) send({ kind: 'ready' })

// Lambda reports a stray rejection as the invocation's error; here invocations overlap, so it is only told.
process.on('unhandledRejection', (reason) => console.error('unhandled rejection', reason))

/** What is logged in one turn goes to the host thread together, and after what the turn has answered. */
function writeInTurns(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  let held = false
  stream.write = ((...given: unknown[]) => {
    if (!held) {
      held = true
      stream.cork()
      setImmediate(() => {
        held = false
        stream.uncork()
      })
    }
    return write(...given)
  }) as typeof stream.write
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

async function invoke(run: Handler, { id, payload, deadline }: Invoke): Promise<void> {
  try {
    const result = await run(JSON.parse(payload), contextOf(id, deadline))
    send({ kind: 'result', id, payload: JSON.stringify(result) ?? 'null' })
  } catch (error) {
    send({ kind: 'error', id, error: describe(error) })
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

/** As Lambda's Node runtime answers: the error's own name is its type. */
function describe(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
}
