import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCli } from '../../support/cloud/run-cli.ts'
import { runCliAgainst, TASK_ID } from '../../support/cloud/run-cli-against.ts'

const at = '2026-11-29T12:00:00.000Z'

it('changes several parts of a shown value', async () => {
  const bodies: unknown[] = []
  const answer = (path: string, _query: URLSearchParams, method: string, body: unknown) => {
    if (method === 'POST') bodies.push(body)
    const value = { to: 'ada', text: 'Long.' }
    return path.includes('/approvals/')
      ? { taskId: TASK_ID, stepId: 'ok', decision: 'approve', by: 'ben', at, edited: { digest: 'x' } }
      : { stepId: 'ok', status: 'waiting', needs: [], attempts: [], input: { value } }
  }
  const args = ['approve', TASK_ID, 'ok', '--decision', 'approve', '--set', 'text=Short.', '--set', 'to=cleo']
  const { code, stdout, stderr } = await runCliAgainst(answer, args)
  expect(stderr).toBe('')
  expect(bodies).toEqual([expect.objectContaining({ value: { to: 'cleo', text: 'Short.' } })])
  expect(stdout).toBe('ok: approve, edited (ben)\n')
  expect(code).toBe(0)
})

it.each([
  [['delete-tenant', 'acme'], 'would be deleted for good; say --confirm acme\n'],
  [['delete-tenant', 'acme', '--confirm', 'acm'], 'say --confirm acme; this is "acm"\n'],
  [['link', TASK_ID, 'ok', '--expires', '8d'], '--expires is 7d at most; this is "8d"\n'],
])('%j asks nobody, and says %j', async (args, told) => {
  const paths: string[] = []
  const { code, stderr } = await runCliAgainst((path) => void paths.push(path), args)
  expect(stderr).toContain(told)
  expect(paths).toEqual([])
  expect(code).toBe(2)
})

it('a command that answers an approval is copied whole, however narrow the terminal is', async () => {
  const approval = {
    ...{
      taskId: TASK_ID,
      stepId: 'a_step_with_a_long_name',
      workflow: { name: 'w', version: 1 },
      prompt: 'Sign?',
    },
    ...{
      choices: ['not now'],
      metadata: {},
      links: { task: '', answer: '' },
      requestedAt: at,
      expiresAt: at,
    },
  }
  const { stdout } = await runCliAgainst(() => ({ approvals: [approval] }), ['approvals'], { COLUMNS: '40' })
  expect(stdout).toContain(
    `  npx orchestrator approve ${TASK_ID} a_step_with_a_long_name \\\n    --decision 'not now' --expires ${at}\n`,
  )
})

it('an export waits for the next minute of requests, and says so', async () => {
  let asked = 0
  const server = createServer(({ url = '' }, response) => {
    asked += 1
    const path = new URL(url, 'http://localhost').pathname.replace('/api/v1', '')
    const isFull = path === '/tasks' && asked < 3
    const refused = { type: 'urn:orchestrator:TooManyRequestsError', title: 'Too Many Requests', status: 429 }
    const body = isFull ? { ...refused, detail: 'used up' } : ANSWERS[path]
    response.writeHead(isFull ? 429 : 200, isFull ? { 'retry-after': '1' } : {}).end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const out = join(mkdtempSync(join(tmpdir(), 'export-')), 'acme')
  const { code, stderr } = await runCli(['export', '--tenant', 'acme', '--out', out], {
    ORCHESTRATOR_URL: `http://127.0.0.1:${port}`,
  })
  server.closeAllConnections()
  server.close()
  expect([code, stderr]).toEqual([0, 'waiting 1 s: used up\n'])
  expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).toMatchObject({ tenant: 'acme' })
})

const ANSWERS: Record<string, object> = {
  '/tenants/acme': { tenant: 'acme', status: 'active', own: true },
  '/tasks': { tasks: [] },
  '/files': { files: [], expiresAt: at },
  '/workflows': { workflows: [] },
  '/agents': { agents: [] },
  '/keys': { keys: [] },
  '/audit': { entries: [], next: null },
}
