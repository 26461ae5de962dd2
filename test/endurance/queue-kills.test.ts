import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListExecutionsCommand, ListStateMachinesCommand, type SFNClient } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyProject } from '../support/cloud/copy-project.ts'
import { startApi } from '../support/cloud/local-api.ts'
import { beginLife } from '../support/models/life.ts'
import { storedRuns } from '../support/stores/stored-runs.ts'

const project = copyProject({ validated: false })
beforeAll(() => {
  expect(project.synthesize({ tenantConcurrency: '2' })).toMatchObject({ status: 0 })
}, 60_000)
afterAll(() => project.remove())

it('loses no waiting task, and never exceeds the limit, even if the whole cloud is killed repeatedly (queue/V1, queue/V3)', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'queue-killed-'))
  const taskIds: string[] = []
  for (let life = 0; life < 5; life++) {
    const { apiUrl, kill } = await beginLife(project.out, dataFolder)
    for (let more = 0; more < 3; more++) taskIds.push(await submitTo(apiUrl, 1))
    // So that a kill may also interrupt a submission.
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

/** The maximum number of concurrent executions. An execution lies within the time in which its task holds a slot. */
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
