import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { Readable, Writable } from 'node:stream'
import type { FromSandbox, ServiceAnswer, ServiceCall } from './messages.ts'

// An import would evaluate all its exports and load undici for that: a tenth of a cold start.
const http = process.getBuiltinModule('node:http')

type Respond = (response: IncomingMessage) => void

/**
 * Up to this a message is cheaper than a request by socket. A message is copied several times on its way, in the memory of the function,
 * so that a few parts of an upload would take more of it than the function itself.
 */
const MOST_BYTES = 1024 * 1024

/**
 * Sends requests for the services' endpoint to the local cloud as messages. The SDK in the bundle signs them as usual, and the
 * code behind the port answers them; only HTTP between two processes of one machine is left out, because it costs more
 * than most requests. What is large goes to the port, in both directions. Requests to other hosts are unchanged.
 */
export function callServicesByMessage(
  endpoint: URL,
  send: (message: FromSandbox) => void,
): (answer: ServiceAnswer) => void {
  const original = http.request
  const underWay = new Map<number, ServiceRequest>()
  let count = 0
  const open = (options: RequestOptions, respond: Respond | undefined): ClientRequest => {
    const id = count++
    const bySocket = (headers: Record<string, string>) => original({ ...options, headers })
    const request = new ServiceRequest(options, respond, {
      send: (call) => send({ kind: 'service', id, ...call }),
      bySocket,
    })
    underWay.set(id, request)
    request.once('close', () => underWay.delete(id))
    // The subset of ClientRequest that HTTP handlers of SDKs use.
    return request as unknown as ClientRequest
  }
  const isForServices = (options: unknown): options is RequestOptions => {
    const { hostname, host = hostname, port } = (options ?? {}) as RequestOptions
    return host === endpoint.hostname && String(port) === endpoint.port
  }
  http.request = ((...given: Parameters<typeof original>) => {
    const [options, respond] = given as unknown[]
    return isForServices(options) ? open(options, respond as Respond) : original(...given)
  }) as typeof http.request
  syncBuiltinESMExports()
  return ({ id, ...answer }) => underWay.get(id)?.answer(answer)
}

type Ways = {
  send(call: ServiceCall): void
  /** The same request to the port, without its body. */
  bySocket(headers: Record<string, string>): ClientRequest
}

/** A request that collects what is written to it, up to {@link MOST_BYTES}; from there on it writes to the port. */
class ServiceRequest extends Writable {
  readonly #options: RequestOptions
  readonly #ways: Ways
  #chunks: Buffer[] = []
  #bytes = 0
  #socket: ClientRequest | undefined

  constructor(options: RequestOptions, respond: Respond | undefined, ways: Ways) {
    super({ autoDestroy: false })
    this.#options = options
    this.#ways = ways
    if (respond) this.once('response', respond)
    // A client that sends `Expect: 100-continue` waits for this event.
    if (this.#headers().expect) queueMicrotask(() => this.emit('continue'))
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes <= MOST_BYTES) done()
    else this.#writeTo(this.#socket ?? this.#openSocket(), done)
  }

  override _final(done: () => void): void {
    if (this.#socket) this.#socket.end()
    else this.#ways.send(this.#call())
    done()
  }

  /** A no-op: requests to the local cloud do not time out. */
  setTimeout(): this {
    return this
  }

  #call(): ServiceCall {
    const { method = 'GET', path = '/' } = this.#options
    return { method, path: String(path), headers: this.#headers(), body: Buffer.concat(this.#chunks) }
  }

  /** The same request to the port, which answers it instead of a message. */
  #openSocket(): ClientRequest {
    const request = this.#ways.bySocket(this.#headers())
    this.#socket = request
    request.once('response', (response) => {
      response.once('close', () => this.destroy())
      this.emit('response', response)
    })
    request.once('error', (error) => this.emit('error', error))
    this.once('close', () => request.destroy())
    return request
  }

  /** What has been collected. A failure is told by the request's own event. */
  #writeTo(request: ClientRequest, done: () => void): void {
    const chunks = this.#chunks
    this.#chunks = []
    chunks.forEach((chunk, at) => {
      request.write(chunk, (error) => at === chunks.length - 1 && !error && done())
    })
  }

  answer({ status, headers, body }: Omit<ServiceAnswer, 'id'>): void {
    if (body === undefined) {
      const request = this.#openSocket()
      this.#writeTo(request, () => {})
      request.end()
      return
    }
    const response = new Readable({ read() {} })
    response.push(
      typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length),
    )
    response.push(null)
    this.emit('response', Object.assign(response, { statusCode: status, statusMessage: '', headers }))
    this.destroy()
  }

  #headers(): Record<string, string> {
    const given = Object.entries((this.#options.headers ?? {}) as Record<string, unknown>)
    return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), String(value)]))
  }
}
