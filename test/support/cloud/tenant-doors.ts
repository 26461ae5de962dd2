import { createServer, type Server } from 'node:http'
import { type Client, makeClient } from '../../../shared/client/index.ts'

export type Door = {
  tenant: string
  url: string
  ask: Client
  /** The text of an answer, whatever its status. */
  get(path: string): Promise<{ status: number; text: string }>
  stop(): Promise<void>
}

/** A server through which every request has this token of a tenant, also the command line's. */
export async function doorOf(tenant: string, apiUrl: string, token: string): Promise<Door> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
      const body = Buffer.concat(chunks)
      const answer = await fetch(`${apiUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { ...(headers as Record<string, string>), authorization: `Bearer ${token}` },
        ...(body.length > 0 ? { body } : {}),
      })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      response.end(await answer.text())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${portOf(server)}`
  return {
    tenant,
    url,
    ask: makeClient({ baseUrl: url }),
    async get(path) {
      const answer = await fetch(`${url}/api/v1${path}`)
      return { status: answer.status, text: await answer.text() }
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
