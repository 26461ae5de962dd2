import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

describe('a child whose workflow is computed while its parent runs', () => {
  const say = (input: unknown, more: object = {}) => ({ capability: 'echo', input, ...more })
  const caller = (workflow: unknown, more: object = {}) => ({
    name: 'computing',
    steps: {
      plan: say({ workflow }),
      run: { workflow: '{% $steps.plan.workflow %}', input: { n: 2 }, ...more },
    },
    output: '{% $steps.run %}',
  })
  const definition = (name: string) => ({
    name,
    steps: { a: say({ first: 1 }), b: say({ second: 2 }, { needs: ['a'] }) },
  })
  const childOf = async (taskId: string) => {
    const { steps } = await api.ask('getTask', { id: taskId })
    return String(steps.find((one) => one.stepId === 'run')?.child)
  }

  it('gets a machine of its own, which the grants of the control function allow (control/O10)', async () => {
    const { taskId } = await api.submitOwn(caller(definition('made_here')))
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({ b: { second: 2 } })
    expect(await api.ask('getTask', { id: await childOf(taskId) })).toMatchObject({
      status: 'succeeded',
      workflow: { name: 'made_here', version: 1 },
      parent: { taskId, path: 'run' },
    })
  })

  it('is refused with every issue of what came', async () => {
    const wrong = { name: 'wrong', steps: { a: say({}, { needs: ['b'] }), c: { capability: 'no.such' } } }
    const { taskId } = await api.submitOwn(caller(wrong))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: {
        name: 'InvalidWorkflowError',
        stepId: 'run',
        message: expect.stringMatching(/the workflow that its expression has come to: .*step "a" needs "b"/),
      },
    })
  })

  it('is cancelled with its parent, and goes on with it', async () => {
    const slow = { name: 'slow_made', steps: { nap: { wait: { seconds: 60 } } } }
    const { taskId } = await api.submitOwn(caller(slow))
    await expect.poll(() => childOf(taskId), { timeout: 10_000 }).toMatch(/^t_/)
    const child = await childOf(taskId)
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
    expect(await api.ask('getTask', { id: child })).toMatchObject({ status: 'cancelled' })
    expect((await api.call('POST', `/tasks/${taskId}/retry`, {})).status).toBe(202)
    await expect
      .poll(async () => (await api.ask('getTask', { id: child })).status, { timeout: 10_000 })
      .toBe('waiting')
    await api.call('POST', `/tasks/${taskId}/cancel`, {})
  })
})
