import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

let api: LocalApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

it('splits a workflow that is too large for one machine over several executions', async () => {
  // 24 chains of 25 steps, and a step that joins them.
  const chains = Array.from({ length: 24 }, (_, chain) => chain)
  const steps = Object.fromEntries([
    ...chains.flatMap((chain) =>
      Array.from({ length: 25 }, (_, at) => [
        `c${chain}_${at}`,
        { capability: 'echo', input: { n: at === 0 ? 1 : `{% $steps.c${chain}_${at - 1}.n + 1 %}` } },
      ]),
    ),
    ['all', { capability: 'echo', input: chains.map((chain) => `{% $steps.c${chain}_24.n %}`) }],
  ])
  const workflow = { name: 'large', steps, output: '{% $sum($steps.all) %}' }
  const plan = await api.call('POST', '/plans', { workflow })
  expect(plan.body.counts).toMatchObject({ steps: 601, executions: 3 })
  const { taskId } = await api.submitOwn(workflow)
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect((await api.call('GET', `/tasks/${taskId}/result`)).body.result).toBe(24 * 25)
})
