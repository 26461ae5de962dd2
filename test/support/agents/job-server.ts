import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Callback, Json } from '../../../shared/agent/index.ts'

export type Told = { input: Json; path: string; callback?: Callback; resumed?: { kind: string } }

/** The outside of suspended steps: it is told of each turn of `job-agent.ts`. */
export async function jobServer(onTold: (told: Told) => void = () => {}) {
  const told: Told[] = []
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming) body += String(chunk)
    const one = JSON.parse(body) as Told
    told.push(one)
    onTold(one)
    outgoing.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const answer = async (
    url: string,
    body: unknown,
  ): Promise<{ status: number; body: { detail?: string } }> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as { detail?: string } }
  }
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, told, answer, stop: () => void server.close() }
}
