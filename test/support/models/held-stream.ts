import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call of the model, whose answer is told piece by piece, when the test says so. */
export type HeldCall = {
  /** Sends a piece of text; returns when it was sent (`performance.now()`). */
  say(content: string): Promise<number>
  end(): Promise<void>
  /** Settles when the caller is gone, or has its answer. */
  closed: Promise<unknown>
}

/** A server that speaks OpenAI's chat completions, streamed. */
export class HeldStream implements AsyncDisposable {
  readonly #server = createServer((incoming, outgoing) => {
    incoming.resume()
    if (incoming.method === 'GET')
      return void outgoing
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ data: [{ id: 'held' }] }))
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.flushHeaders()
    this.#calls.push(callOf(outgoing))
    this.#came.resolve()
  })
  readonly #calls: HeldCall[] = []
  #came = Promise.withResolvers<void>()

  static async start(): Promise<HeldStream> {
    const held = new HeldStream()
    held.#server.listen(0, '127.0.0.1')
    await once(held.#server, 'listening')
    return held
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  /** The next call, each once, in the order in which they come. */
  async call(): Promise<HeldCall> {
    for (;;) {
      const next = this.#calls.shift()
      if (next) return next
      await this.#came.promise
      this.#came = Promise.withResolvers()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function callOf(outgoing: ServerResponse): HeldCall {
  const write = (choice: object): Promise<unknown> => {
    const piece = { id: 'chat-1', model: 'held', choices: [{ index: 0, ...choice }] }
    return new Promise((resolve) => outgoing.write(`data: ${JSON.stringify(piece)}\n\n`, resolve))
  }
  return {
    closed: once(outgoing, 'close'),
    async say(content) {
      await write({ delta: { role: 'assistant', content }, finish_reason: null })
      return performance.now()
    },
    async end() {
      await write({ delta: {}, finish_reason: 'stop' })
      outgoing.end('data: [DONE]\n\n')
    },
  }
}
