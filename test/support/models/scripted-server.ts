import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export type Pieces = { status?: number; headers: Record<string, string>; pieces: readonly Buffer[] }
export type Reply =
  | Pieces
  /** Never answers. */
  | 'hang'
  /** Closes the connection before a byte. */
  | 'reset'
  | Part
/** After so many bytes of the body breaks the connection, ends the answer as if it were whole, or sends nothing more. */
type Part = { of: Pieces; at: number; then: 'break' | 'end' | 'hang' }

export type Asked = { path: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }

/** An HTTP server that answers by a script: each request the next reply, the last one again and again. */
export class ScriptedServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  /** Settles when the connection of the last answer is closed. */
  closed: Promise<unknown> = Promise.resolve()
  #replies: Reply[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      this.#respond(incoming, outgoing).catch(() => outgoing.destroy())
    })
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer()
    scripted.#server.listen(0, '127.0.0.1')
    await once(scripted.#server, 'listening')
    return scripted
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  script(...replies: Reply[]): void {
    this.asked.length = 0
    this.#replies = replies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #respond(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    this.closed = once(outgoing, 'close')
    const body = (await json(incoming)) as Record<string, unknown>
    this.asked.push({ path: incoming.url ?? '', headers: incoming.headers, body })
    const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0]
    if (reply === undefined || reply === 'reset') return void incoming.socket.destroy()
    if (reply === 'hang') return
    if ('of' in reply) return sendPart(outgoing, reply)
    outgoing.writeHead(reply.status ?? 200, reply.headers)
    for (const piece of reply.pieces) outgoing.write(piece)
    outgoing.end()
  }
}

async function sendPart(outgoing: ServerResponse, { of, at, then }: Part): Promise<void> {
  outgoing.writeHead(of.status ?? 200, of.headers)
  outgoing.flushHeaders()
  const part = Buffer.concat(of.pieces).subarray(0, at)
  if (part.length > 0) await new Promise((resolve) => outgoing.write(part, resolve))
  if (then === 'end') outgoing.end()
  if (then === 'break') outgoing.socket?.destroy()
}
