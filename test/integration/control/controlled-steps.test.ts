import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

describe('steps that no agent runs', () => {
  const say = (input: object, needs: string[] = []) => ({ capability: 'echo', input, needs })
  const stepOf = async (taskId: string, stepId: string) => {
    const { steps } = await api.ask('getTask', { id: taskId })
    return steps.find((one) => one.stepId === stepId)
  }
  const untilWaiting = (taskId: string, stepId: string) =>
    expect.poll(async () => (await stepOf(taskId, stepId))?.status, { timeout: 10_000 }).toBe('waiting')

  it('waits for a duration, or until a time', async () => {
    const { taskId } = await api.submitOwn(
      {
        name: 'waits',
        steps: {
          a: say({ seconds: 1 }),
          pause: { wait: { seconds: '{% $steps.a.seconds %}' } },
          past: { wait: { until: '2026-01-01T00:00:00Z' } },
          b: say({ done: true }, ['pause', 'past']),
        },
      },
      {},
    )
    const task = await api.ended(taskId)
    expect(task.status).toBe('succeeded')
    const pause = await stepOf(taskId, 'pause')
    expect(pause?.durationMs).toBeGreaterThanOrEqual(1_000)
  })

  it('reports an invalid wait', async () => {
    const { taskId } = await api.submitOwn(
      { name: 'never', steps: { pause: { wait: { until: '{% "soon" %}' } } } },
      {},
    )
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidInputError', message: expect.stringContaining('until "soon"'), stepId: 'pause' },
    })
  })

  it('has the emitted event as output, and emits nothing if its condition is not true', async () => {
    const { taskId } = await api.submitOwn({
      name: 'emits',
      steps: {
        a: say({ pages: 3 }),
        tell: { emit: { type: 'report.ready', data: { pages: '{% $steps.a.pages %}' } } },
        hush: { when: '{% $steps.a.pages > 5 %}', emit: { type: 'report.long' } },
        b: say({ told: '{% $steps.tell.pages %}', status: '{% $status.hush %}' }, ['hush']),
      },
    })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(taskId, 'hush')).toMatchObject({ status: 'skipped' })
    expect(await stepOf(taskId, 'b')).toMatchObject({ status: 'skipped' })
  })

  const approval = (more: object = {}) => ({
    name: 'approvals',
    steps: {
      draft: say({ text: 'a draft' }),
      sign_off: {
        needs: ['draft'],
        approval: { prompt: '{% "Publish " & $steps.draft.text & "?" %}', timeoutSeconds: 60, ...more },
      },
      publish: {
        ...say({ by: '{% $steps.sign_off.by %}' }),
        when: '{% $steps.sign_off.decision = "approve" %}',
      },
      // A step that does not depend on the approval does not wait for it.
      beside: say({ done: true }, ['draft']),
    },
  })
  const answer = (taskId: string, body: object, stepId = 'sign_off') =>
    api.call('POST', `/tasks/${taskId}/approvals/${stepId}`, body)

  it('waits for a person, shows what is asked, and goes on with the answer (control/O4)', async () => {
    const { taskId } = await api.submitOwn(approval())
    await untilWaiting(taskId, 'sign_off')
    expect(await stepOf(taskId, 'sign_off')).toMatchObject({
      approval: { prompt: 'Publish a draft?', choices: ['approve', 'reject'] },
    })
    await expect.poll(async () => (await stepOf(taskId, 'beside'))?.status).toBe('succeeded')
    expect(JSON.stringify((await api.call('GET', `/tasks/${taskId}`)).body)).not.toContain('"token"')

    expect((await answer(taskId, { decision: 'aprove', by: 'ada' })).body.detail).toContain(
      'did you mean "approve"',
    )
    expect((await answer(taskId, { decision: 'approve' }, 'draft')).status).toBe(404)
    expect(await answer(taskId, { decision: 'approve', by: 'ada', comment: 'fine' })).toMatchObject({
      status: 200,
      body: { decision: 'approve', by: 'ada', comment: 'fine' },
    })
    expect((await answer(taskId, { decision: 'approve', by: 'ada' })).status).toBe(200)
    expect((await answer(taskId, { decision: 'reject', by: 'bob' })).status).toBe(409)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toMatchObject({ publish: { by: 'ada' }, beside: { done: true } })
  })

  it('lets only its approvers decide', async () => {
    const { taskId } = await api.submitOwn(approval({ approvers: ['ada'], choices: ['approve', 'no'] }))
    await untilWaiting(taskId, 'sign_off')
    expect((await answer(taskId, { decision: 'no', by: 'bob' })).status).toBe(400)
    expect((await answer(taskId, { decision: 'no', by: 'ada' })).status).toBe(200)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(taskId, 'publish')).toMatchObject({ status: 'skipped' })
  })

  it('decides by itself when no answer comes in time, or fails', async () => {
    const first = await api.submitOwn(approval({ timeoutSeconds: 1, onTimeout: 'reject' }))
    const second = await api.submitOwn(approval({ timeoutSeconds: 1 }))
    expect(await api.ended(first.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(first.taskId, 'publish')).toMatchObject({ status: 'skipped' })
    expect(await api.ended(second.taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'ApprovalTimedOutError', stepId: 'sign_off' },
    })
  })
})
