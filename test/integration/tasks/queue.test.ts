import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListExecutionsCommand, ListStateMachinesCommand, type SFNClient } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyProject } from '../../support/cloud/copy-project.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { beginLife } from '../../support/models/life.ts'
import { storedRuns } from '../../support/stores/stored-runs.ts'

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

type Waiting = { status: string; queue?: { position: number } }

const submit = async (seconds: number, priority?: number) => {
  const workflow = { name: 'nap', steps: { nap: { wait: { seconds } } } }
  const { status, body } = await api.call('POST', '/tasks', { workflow, input: {}, priority })
  expect(status).toBe(202)
  return String(body.taskId)
}
const look = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}`)).body as never as Waiting

it('runs two tasks at once; the others wait for their turn, the urgent ones first, and see where they stand (V1, V2, V4)', async () => {
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
    const { steps } = (await api.call('GET', `/tasks/${taskId}`)).body as never as {
      steps: { startedAt: string }[]
    }
    return steps[0]?.startedAt ?? ''
  }
  const [first, second, third] = [await at(urgent), await at(normal), await at(low)]
  expect([first, second, third].toSorted()).toEqual([first, second, third])
})

it('begins a waiting task as soon as those before it are cancelled (V4)', async () => {
  const long = [await submit(30), await submit(30)]
  const waiting = await submit(0)
  for (const taskId of long) await api.call('POST', `/tasks/${taskId}/cancel`, {})
  expect(await api.ended(waiting)).toMatchObject({ status: 'succeeded' })
})

it('loses nobody who waits, and never runs more, though the whole cloud is killed again and again (V1, V3)', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'queue-killed-'))
  const taskIds: string[] = []
  for (let life = 0; life < 5; life++) {
    const { apiUrl, kill } = await beginLife(project.out, dataFolder)
    for (let more = 0; more < 3; more++) taskIds.push(await submitTo(apiUrl, 1))
    // What a submission was in the middle of, too.
    void submitTo(apiUrl, 1).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 40 * life))
    await kill()
  }
  const last = await startApi({ assembly: project.out, dataFolder })
  try {
    await last.reconcile()
    for (const taskId of taskIds) expect(await last.ended(taskId)).toMatchObject({ status: 'succeeded' })
    const { sfn } = await storedRuns(last.awsUrl)
    expect(await mostAtOnce(sfn)).toBe(2)
  } finally {
    await last.stop()
    rmSync(dataFolder, { recursive: true })
  }
}, 60_000)

async function submitTo(apiUrl: string, seconds: number): Promise<string> {
  const workflow = { name: 'nap', steps: { nap: { wait: { seconds } } } }
  const response = await fetch(`${apiUrl}/api/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ workflow, input: {} }),
  })
  expect(response.status).toBe(202)
  return ((await response.json()) as { taskId: string }).taskId
}

/** How many executions there were side by side at worst. An execution lies within the time that its task has a place. */
async function mostAtOnce(sfn: SFNClient): Promise<number> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}))
  const lists = await Promise.all(
    stateMachines.map(({ stateMachineArn }) => sfn.send(new ListExecutionsCommand({ stateMachineArn }))),
  )
  const runs = lists
    .flatMap(({ executions = [] }) => executions)
    .map(({ startDate, stopDate }) => ({ from: Number(startDate), to: Number(stopDate) }))
  return Math.max(...runs.map(({ from: at }) => runs.filter(({ from, to }) => from <= at && at < to).length))
}
