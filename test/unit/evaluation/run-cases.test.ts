import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCases } from '../../../cli/evaluate/run-cases.ts'
import { taskView } from '../../../shared/app/views/task-views.ts'
import { openTask } from '../../support/stores/open-task.ts'

/** An API whose tasks run until they are cancelled; its answers take a while. */
const tasks = new Map<string, 'running' | 'cancelled'>()
let first: string | undefined
let isFailing = false
const viewOf = (id: string) => ({ ...taskView(openTask()), taskId: id, status: tasks.get(id), steps: [] })
const api = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost')
  const [id = '', verb] = pathname.split('/').slice(4)
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  await delay(50)
  if (isFailing && id === first)
    return answer(404, { type: 'urn:orchestrator:NotFoundError', title: 'x', status: 404, detail: 'gone' })
  if (request.method === 'POST' && id === '') {
    const taskId = openTask().id
    first ??= taskId
    tasks.set(taskId, 'running')
    await delay(50)
    return answer(202, viewOf(taskId))
  }
  if (verb === 'cancel') tasks.set(id, 'cancelled')
  answer(200, viewOf(id))
})

beforeEach(async () => {
  tasks.clear()
  first = undefined
  isFailing = false
  await once(api.listen(0, '127.0.0.1'), 'listening')
  vi.stubEnv('ORCHESTRATOR_URL', `http://127.0.0.1:${(api.address() as AddressInfo).port}`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  api.closeAllConnections()
  api.close()
})

const run = () =>
  runCases(
    [{ workflow: 'w', label: 'w@1' }],
    Array.from({ length: 50 }, (_, n) => ({ id: `${n}`, input: {}, tags: [] })),
    { key: 'k', parallel: 4, terms: {}, report: () => {}, reportWaiting: () => {} },
  )

describe('cases that are ended before their time leave no task behind', () => {
  it.each([20, 75, 200])('by Ctrl-C after %d ms', async (milliseconds) => {
    const running = run().catch((error: unknown) => error)
    await delay(milliseconds)
    process.emit('SIGINT')
    expect(await running).toMatchObject({ exitCode: 130, message: '' })
    await delay(300)
    expect(tasks.size).toBe(4)
    expect([...tasks.values()]).not.toContain('running')
  })

  it('by an API that answers no more as it should', async () => {
    isFailing = true
    await expect(run()).rejects.toMatchObject({ exitCode: 2 })
    await delay(300)
    expect([...tasks].filter(([id, status]) => status === 'running' && id !== first)).toEqual([])
  })
})
