import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeAltered, replaceAgent } from '../../support/cloud/altered-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

const SLOW_AGENT = join(import.meta.dirname, '../../support/agents/slow-agent.ts')

let api: LocalApi
beforeAll(async () => {
  api = await startApi({
    assembly: await replaceAgent('echo', SLOW_AGENT),
  })
})
afterAll(async () => {
  await api.stop()
  removeAltered()
})

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; Date.now() < limit; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('it did not come to that')
}
const firstStep = async (taskId: string) => (await api.ask('listTaskSteps', { id: taskId })).steps[0]

describe('trouble on the local cloud', () => {
  it('cancels: the execution stops, the running agent sees its signal abort', async () => {
    const taskId = await api.submit('simple', { seconds: 60 })
    await until(() => api.logs.join('').includes('"waiting"'))
    expect(await firstStep(taskId)).toMatchObject({ status: 'running' })
    expect(await api.call('GET', `/tasks/${taskId}/result`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is running; its result comes') },
    })
    const cancelled = await api.call('POST', `/tasks/${taskId}/cancel`, { reason: 'changed my mind' })
    expect(cancelled).toMatchObject({
      status: 200,
      body: { status: 'cancelled', error: { message: 'changed my mind' } },
    })
    await until(() => api.logs.join('').includes('told to abort'))
    expect(await firstStep(taskId)).toMatchObject({ status: 'cancelled' })
    expect(await api.call('GET', `/tasks/${taskId}`)).toMatchObject({ body: { status: 'cancelled' } })
  })

  it('fails a task whose agent throws, naming it', async () => {
    const task = await api.run('simple', { fail: 'no such luck' })
    expect(task).toMatchObject({
      status: 'failed',
      error: {
        name: 'AgentFailedError',
        message: 'step "echo" (agent echo): no such luck',
        stepId: 'echo',
        agentId: 'echo',
      },
    })
  })

  it('survives an agent that kills its sandbox', async () => {
    const task = await api.run('simple', { crash: true })
    expect(task).toMatchObject({
      status: 'failed',
      error: { agentId: 'echo', message: expect.stringContaining('exit status 7') },
    })
    expect(await api.run('simple', {})).toMatchObject({ status: 'succeeded' })
  })

  it('runs many tasks at once', async () => {
    const tasks = await Promise.all(Array.from({ length: 50 }, () => api.run('simple', { seconds: 0.2 })))
    expect(tasks.filter(({ status }) => status === 'succeeded')).toHaveLength(50)
  })

  it('stops with a task running, keeps it, and runs it to its end after the next start', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'cloud-'))
    const assembly = await replaceAgent('echo', SLOW_AGENT)
    const first = await startApi({ assembly, dataFolder })
    const taskId = await first.submit('simple', { seconds: 2 })
    await until(() => first.logs.join('').length > 0)
    await first.stop()

    const second = await startApi({ assembly, dataFolder })
    expect((await second.call('GET', `/tasks/${taskId}`)).body).toMatchObject({ status: 'running' })
    await second.reconcile()
    expect(await second.ended(taskId)).toMatchObject({ status: 'succeeded' })
    await second.stop()
    rmSync(dataFolder, { recursive: true })
  })

  it('refuses a data folder that another process has locked', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'cloud-'))
    const first = await startApi({ dataFolder })
    await expect(startApi({ dataFolder })).rejects.toThrow(/the (tables|executions) in .* cannot be used/)
    await first.stop()
    rmSync(dataFolder, { recursive: true })
  })
})
