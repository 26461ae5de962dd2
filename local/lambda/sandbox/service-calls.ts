import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { Readable, Writable } from 'node:stream'
import type { FromSandbox, ServiceAnswer, ServiceCall } from './messages.ts'

// An import would evaluate all its exports and load undici for that: a tenth of a cold start.
const http = process.getBuiltinModule('node:http')

type Respond = (response: IncomingMessage) => void

/**
 * Sends requests for the services' endpoint to the local cloud as messages. The SDK in the bundle signs them as usual, and the
 * code behind the port answers them; only HTTP between two processes of one machine is left out, because it costs more
 * than most requests. Requests to other hosts are unchanged.
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
    const bySocket = (call: ServiceCall) => original({ ...options, headers: call.headers }).end(call.body)
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
  /** The same request to the port, for an answer that is a stream. */
  bySocket(call: ServiceCall): ClientRequest
}

/** A request that collects what is written to it. */
class ServiceRequest extends Writable {
  readonly #chunks: Buffer[] = []
  readonly #options: RequestOptions
  readonly #ways: Ways

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
    done()
  }

  override _final(done: () => void): void {
    this.#ways.send(this.#call())
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

  answer({ status, headers, body }: Omit<ServiceAnswer, 'id'>): void {
    if (body === undefined) {
      const request = this.#ways.bySocket(this.#call())
      request.once('response', (response) => {
        response.once('close', () => this.destroy())
        this.emit('response', response)
      })
      request.once('error', (error) => this.emit('error', error))
      this.once('close', () => request.destroy())
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
