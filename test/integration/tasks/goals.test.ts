import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
  const workflow = {
    name: 'quokka_ledger',
    description: 'Balances the quokka ledger of an island.',
    input: {
      type: 'object',
      required: ['island'],
      additionalProperties: false,
      properties: { island: { type: 'string' }, files: { type: 'array', items: {} } },
    },
    steps: { balance: { capability: 'echo', input: { of: '{% $input.island %}' } } },
    output: '{% $steps.balance.of %}',
  }
  const { status, body } = await api.call('PUT', '/workflows/quokka_ledger', { workflow })
  if (status !== 200) throw new Error(JSON.stringify(body))
})

describe('goals in the local cloud, without a model', () => {
  const submit = (request: object) => api.call('POST', '/tasks', request)
  const GOAL = 'Balance the quokka ledger of the island'

  it('are planned by the planner in its own function, with the grants of its own, and run (goals/G4)', async () => {
    const { status, body } = await submit({ goal: GOAL, input: { island: 'Rottnest' } })
    expect({ status, body }).toMatchObject({ status: 202, body: { status: 'planning', goal: GOAL } })
    const taskId = String(body.taskId)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', workflow: { name: 'goal' } })
    expect(await api.resultOf(taskId)).toBe('Rottnest')
    const { body: plan } = await api.call('GET', `/tasks/${taskId}/steps/plan`)
    expect(plan).toMatchObject({
      agentId: 'planner',
      output: { plannedBy: 'template', workflow: 'quokka_ledger@1', review: { due: false } },
    })
    const { tasks } = await api.ask('listTasks', { parent: taskId })
    expect(tasks).toMatchObject([{ workflow: { name: 'quokka_ledger' } }])
  })

  it('wait for a person where a review is asked for, who sees steps, time and money', async () => {
    const { body } = await submit({ goal: GOAL, input: { island: 'Bald' }, review: true })
    const taskId = String(body.taskId)
    const review = async () => {
      const { steps } = await api.ask('getTask', { id: taskId })
      return steps.find(({ stepId }) => stepId === 'review')
    }
    await expect.poll(async () => (await review())?.status, { timeout: 20_000 }).toBe('waiting')
    await expect.poll(async () => (await api.ask('getTask', { id: taskId })).status).toBe('waiting')
    const { prompt = '' } = (await review())?.approval ?? {}
    expect(prompt).toMatch(
      /Run this plan\? \(a review was asked for\)[\s\S]*Time: [\s\S]*Money: [\s\S]*balance \(echo\)/,
    )
    await api.call('POST', `/tasks/${taskId}/approvals/review`, { decision: 'approve', by: 'ada' })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toBe('Bald')
  })

  it('end with the setting to make where no workflow is clearly meant', async () => {
    const { body } = await submit({ goal: 'Paint the moon violet' })
    expect(await api.ended(String(body.taskId))).toMatchObject({
      status: 'failed',
      error: { name: 'ConfigError', stepId: 'plan', message: expect.stringContaining('models.default') },
    })
  })

  it.each([
    [{ goal: GOAL, type: 'simple' }, 400],
    [{ goal: GOAL, input: [1] }, 400],
    [{ goal: GOAL, files: [{ $file: 'files/none/here.txt' }] }, 400],
    [{ type: 'simple', review: true }, 400],
  ])('are refused as %j', async (request, status) => {
    expect((await submit(request)).status).toBe(status)
  })

  it('find their task again by their idempotency key', async () => {
    const key = { 'idempotency-key': `goal-${Date.now()}` }
    const request = { goal: GOAL, input: { island: 'Breaksea' } }
    const first = await api.call('POST', '/tasks', request, key)
    const second = await api.call('POST', '/tasks', request, key)
    expect(second.body.taskId).toBe(first.body.taskId)
    const other = await api.call('POST', '/tasks', { ...request, goal: `${GOAL} now` }, key)
    expect([first.status, other.status]).toEqual([202, 409])
    await api.ended(String(first.body.taskId))
  })
})
