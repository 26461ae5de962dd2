import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../../support/cloud/run-cli.ts'
import { TASK_ID, taskView } from '../../support/cloud/run-cli-against.ts'

type Refusal = { status: number; headers?: Record<string, string>; body?: object } | 'cut'
/** What the submissions of a case are answered first, by the text of its input; after that they are accepted. */
let refusals: Record<string, Refusal[]>
let asked: { input: string; key: string; at: number }[]
const problem = (status: number, name: string) => ({
  status,
  body: { type: `urn:orchestrator:${name}`, title: 'x', status, detail: `no: ${name}` },
})

const WORKFLOW = {
  ...{ name: 'w', version: 1, description: '', taskTypes: [], steps: [], stateMachineArn: 'x' },
  ...{ origin: 'api', definition: { name: 'w', steps: { a: { capability: 'echo' } } } },
}

const api = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost')
  const answer = (status: number, body: object, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  if (request.method === 'POST') {
    const { input } = JSON.parse(await text(request))
    asked.push({ input, key: String(request.headers['idempotency-key']), at: Date.now() })
    const refusal = refusals[input]?.shift()
    if (refusal === 'cut') return void request.socket.destroy()
    if (refusal) return answer(refusal.status, refusal.body ?? { message: 'no' }, refusal.headers)
    return answer(202, taskView({ status: 'queued' }))
  }
  if (pathname.endsWith('/result'))
    return answer(200, { taskId: TASK_ID, status: 'succeeded', result: 1, degraded: [] })
  if (pathname.includes('/workflows/')) return answer(200, WORKFLOW)
  answer(200, taskView({ status: 'succeeded' }))
})

let file: string
beforeEach(async () => {
  refusals = {}
  asked = []
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  file = join(await mkdtemp(join(tmpdir(), 'orchestrator-tries-')), 'cases.jsonl')
  await writeFile(file, ['a', 'b', 'c'].map((id) => JSON.stringify({ id, input: id })).join('\n'))
})
afterEach(() => {
  api.closeAllConnections()
  api.close()
})

const evaluate = (...more: string[]) => {
  const { port } = api.address() as AddressInfo
  const args = ['evaluate', 'w', '--cases', file, '--parallel', '1', ...more]
  return runCli(args, { ORCHESTRATOR_URL: `http://127.0.0.1:${port}`, COLUMNS: '0' })
}

it.each<[string, Refusal]>([
  ['429 of the gateway', { status: 429 }],
  ['500', problem(500, 'BugError')],
  ['503', problem(503, 'UnavailableError')],
  ['no answer', 'cut'],
])('a submission is sent again after %s, under the same key', async (_what, refusal) => {
  refusals = { b: [refusal] }
  const { code, stdout, stderr } = await evaluate()
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stdout).toContain('3 cases')
  expect(asked.map(({ input }) => input)).toEqual(['a', 'b', 'b', 'c'])
  const keys = asked.map(({ key }) => key)
  expect(keys[1]).toBe(keys[2])
  expect(new Set(keys).size).toBe(3)
})

it('waits as long as Retry-After says', async () => {
  refusals = { b: [{ status: 429, headers: { 'retry-after': '1' } }] }
  expect(await evaluate()).toMatchObject({ code: 0 })
  const [first = 0, second = 0] = asked.filter(({ input }) => input === 'b').map(({ at }) => at)
  expect(second - first).toBeGreaterThanOrEqual(950)
})

it('goes on with the other cases, tells what could not be run, and exits with 3', async () => {
  refusals = { b: [problem(409, 'ConflictError')] }
  const { code, stdout, stderr } = await evaluate()
  expect(code).toBe(3)
  expect(stderr).toContain('2/3  not run  b  no: ConflictError')
  expect(stdout).toContain('2 cases')
  expect(stdout).toContain('1 case could not be run, and is in no score:\n  b (w@1): no: ConflictError')
  refusals = { c: [problem(409, 'ConflictError')] }
  const { notRun, cases } = JSON.parse((await evaluate('--json')).stdout)
  expect(notRun).toEqual([{ id: 'c', label: 'w@1', message: 'no: ConflictError' }])
  expect(cases).toMatchObject([[{ id: 'a' }, { id: 'b' }]])
})

it('leaves a case out of both versions that one of them could not do', async () => {
  refusals = { b: [problem(409, 'ConflictError')] }
  const { cases, summaries } = JSON.parse((await evaluate('--against', '1', '--json')).stdout)
  expect(cases).toMatchObject([
    [{ id: 'a' }, { id: 'c' }],
    [{ id: 'a' }, { id: 'c' }],
  ])
  expect(summaries).toMatchObject([{ cases: 2 }, { cases: 2 }])
})

it('ends at once where the first task is refused: so would be all others', async () => {
  refusals = { a: [problem(422, 'InvalidWorkflowError')] }
  const { code, stderr } = await evaluate()
  expect(code).toBe(2)
  expect(stderr).toContain('InvalidWorkflowError')
  expect(asked).toHaveLength(1)
})
