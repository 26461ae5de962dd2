import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyProject } from '../../support/cloud/copy-project.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const project = copyProject({ validated: false })
let api: LocalApi
beforeAll(async () => {
  expect(project.synthesize({ tenantConcurrency: '2' })).toMatchObject({ status: 0 })
  api = await startApi({ assembly: project.out })
}, 60_000)
afterAll(async () => {
  await api.stop()
  project.remove()
})

const submit = async (seconds: number, priority?: number) => {
  const workflow = { name: 'nap', steps: { nap: { wait: { seconds } } } }
  const { status, body } = await api.call('POST', '/tasks', { workflow, input: {}, priority })
  expect(status).toBe(202)
  return String(body.taskId)
}
const look = (id: string) => api.ask('getTask', { id })

it('runs two tasks at once; the others wait, by priority, and show their position (queue/V1, queue/V2, queue/V4)', async () => {
  const running = [await submit(1), await submit(1)]
  const [low, normal, urgent, gone] = [
    await submit(0, 0),
    await submit(0),
    await submit(0, 9),
    await submit(0, 8),
  ]
  for (const taskId of running) expect(await look(taskId)).toMatchObject({ status: 'running' })
  expect(await look(urgent ?? '')).toMatchObject({ status: 'queued', queue: { position: 1 } })
  expect(await look(low ?? '')).toMatchObject({ status: 'queued', queue: { position: 4 } })
  expect(await api.call('POST', `/tasks/${gone}/cancel`, {})).toMatchObject({ status: 200 })
  expect(await look(normal ?? '')).toMatchObject({ status: 'queued', queue: { position: 2 } })

  const ended = await Promise.all(
    [...running, low, normal, urgent].map((taskId) => api.ended(String(taskId))),
  )
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'succeeded'))
  const at = async (taskId = ''): Promise<string> => {
    const { steps } = await look(taskId)
    return steps[0]?.startedAt ?? ''
  }
  const [first, second, third] = [await at(urgent), await at(normal), await at(low)]
  expect([first, second, third].toSorted()).toEqual([first, second, third])
})

it('starts a waiting task as soon as those before it are cancelled (queue/V4)', async () => {
  const long = [await submit(30), await submit(30)]
  const waiting = await submit(0)
  for (const taskId of long) await api.call('POST', `/tasks/${taskId}/cancel`, {})
  expect(await api.ended(waiting)).toMatchObject({ status: 'succeeded' })
})
