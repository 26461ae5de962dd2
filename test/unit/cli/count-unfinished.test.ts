import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, it } from 'vitest'
import { countUnfinished } from '../../../cli/dev/count-unfinished.ts'
import { taskView } from '../../../shared/app/views/task-views.ts'
import { openTask } from '../../support/stores/open-task.ts'

/** How many tasks of each status the API has. */
const TASKS: Record<string, number> = { running: 2, waiting: 3, succeeded: 7 }
const server = createServer((request, response) => {
  const status = new URL(request.url ?? '', 'http://localhost').searchParams.get('status') ?? ''
  const tasks = Array.from({ length: TASKS[status] ?? 0 }, () => taskView(openTask()))
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ tasks }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => server.close())

it('counts tasks that run and tasks that wait for a person or for time', async () => {
  expect(await countUnfinished(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toBe(5)
})
