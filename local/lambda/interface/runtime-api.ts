import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FunctionError, type Invoke, MAX_ANSWER_BYTES } from '../sandbox/messages.ts'

const PREFIX = '/2018-06-01/runtime/'

/** What a process says by the runtime API. */
export type Said =
  | { kind: 'next' }
  | { kind: 'result'; id: string; payload: string }
  | { kind: 'error'; id: string; error: FunctionError }
  | { kind: 'unusable'; error: FunctionError }

/** The runtime API of one process, as Lambda offers it to custom runtimes: the process asks for an event, and posts its result. */
export class RuntimeApi {
  readonly #functionArn: string
  readonly #hear: (said: Said) => void
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  /** The process waits for an event. */
  #asked: ServerResponse | undefined

  constructor(functionArn: string, hear: (said: Said) => void) {
    this.#functionArn = functionArn
    this.#hear = hear
    // Longer than any invocation: a process may wait for its next event.
    this.#server.requestTimeout = 0
    this.#server.headersTimeout = 0
    this.#server.unref()
  }

  /** `host:port`, for AWS_LAMBDA_RUNTIME_API. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Gives an event to the process, which has asked for one. */
  give({ id, payload, deadline }: Pick<Invoke, 'id' | 'payload' | 'deadline'>): void {
    const asked = this.#asked
    this.#asked = undefined
    asked
      ?.writeHead(200, {
        'content-type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': id,
        'Lambda-Runtime-Deadline-Ms': String(deadline),
        'Lambda-Runtime-Invoked-Function-Arn': this.#functionArn,
      })
      .end(payload)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method } = request
    const body = await bodyOf(request).catch(() => undefined)
    if (body === undefined) return void response.destroy()
    const path = url.startsWith(PREFIX) ? url.slice(PREFIX.length) : ''
    if (method === 'GET' && path === 'invocation/next') {
      this.#asked = response
      return this.#hear({ kind: 'next' })
    }
    const [, id = '', end] = /^invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? []
    const isKnown = method === 'POST' && (end !== undefined || path === 'init/error')
    response.writeHead(isKnown ? 202 : 404, { 'content-type': 'application/json' }).end('{}')
    if (!isKnown) return
    if (path === 'init/error') this.#hear({ kind: 'unusable', error: errorIn(body) })
    else if (end === 'error') this.#hear({ kind: 'error', id, error: errorIn(body) })
    else this.#hear(resultOf(id, body))
  }
}

function resultOf(id: string, payload: string): Said {
  const bytes = Buffer.byteLength(payload)
  if (bytes <= MAX_ANSWER_BYTES) return { kind: 'result', id, payload }
  const errorMessage = `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_ANSWER_BYTES} bytes).`
  return {
    kind: 'error',
    id,
    error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage, trace: [] },
  }
}

/** As runtimes report an error: `{errorType, errorMessage, stackTrace}`. */
function errorIn(body: string): FunctionError {
  let told: { errorType?: unknown; errorMessage?: unknown; stackTrace?: unknown } = {}
  try {
    told = JSON.parse(body) as typeof told
  } catch {
    // Told as no error at all.
  }
  const { errorType, errorMessage, stackTrace } = told ?? {}
  return {
    errorType: typeof errorType === 'string' ? errorType : 'Runtime.Unknown',
    errorMessage: typeof errorMessage === 'string' ? errorMessage : '',
    trace: Array.isArray(stackTrace) ? stackTrace.map((line) => String(line).trimEnd()) : [],
  }
}

/** Beyond the limit of an answer it is not kept, only counted. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > 4 * MAX_ANSWER_BYTES) throw new Error('the answer has no end')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
