import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { runCli } from './run-cli.ts'

/** An answer of the API: an object is sent with 200; undefined is 404. */
type Answer = (path: string, query: URLSearchParams, method: string, body: unknown) => unknown

/** Runs the CLI against an API with these answers, given by the path after `/api/v1`. */
export async function runCliAgainst(answer: Answer, args: string[], env: Record<string, string> = {}) {
  const server = createServer(async (request, response) => {
    const { url = '', method = '' } = request
    const sent = await text(request)
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const path = decodeURIComponent(pathname.replace('/api/v1', ''))
    const found = answer(path, searchParams, method, sent === '' ? undefined : JSON.parse(sent))
    const status = found === undefined ? 404 : statusIn(found)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? {}))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const told = await runCli(args, { ORCHESTRATOR_URL: `http://127.0.0.1:${port}`, ...env })
  server.closeAllConnections()
  server.close()
  return told
}

/** That of a problem document, which says it. */
const statusIn = (answer: unknown): number => {
  const { type, status } = Object(answer)
  return typeof type === 'string' && typeof status === 'number' ? status : 200
}

export const TASK_ID = `t_${'0'.repeat(26)}`
/** A task of the API, without steps. */
export const taskView = (more: object) => ({
  ...{ taskId: TASK_ID, status: 'running', workflow: { name: 'w', version: 1 } },
  ...{ createdAt: '2026-11-28T12:00:00.000Z', metadata: {}, links: {} },
  execution: { name: 'x', arn: 'x', stateMachineArn: 'x' },
  steps: [],
  ...more,
})
