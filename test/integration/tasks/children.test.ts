import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

describe('a child workflow', () => {
  const say = (input: object, more: object = {}) => ({ capability: 'echo', input, ...more })
  const breaks = { capability: 'analysis.profile', input: { source: 'a,b\n"unclosed,1\n' } }
  const publish = async (name: string, steps: object, more: object = {}) => {
    const { status, body } = await api.call('PUT', `/workflows/${name}`, {
      workflow: { name, steps, ...more },
    })
    if (status !== 200) throw new Error(JSON.stringify(body))
  }
  const taskOf = (taskId: string) => api.ask('getTask', { id: taskId })
  const childOf = async (taskId: string, stepId = 'call') =>
    String((await taskOf(taskId)).steps.find((one) => one.stepId === stepId)?.child)
  const caller = (workflow: string, more: object = {}) => ({
    name: 'caller',
    steps: {
      first: say({ n: 2 }),
      call: { workflow, input: { n: '{% $steps.first.n * 10 %}' }, ...more },
      last: say({ got: '{% $steps.call %}', status: '{% $status.call %}' }, { join: 'settled' }),
    },
    output: '{% $steps.last %}',
  })
  const input = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } }

  beforeAll(async () => {
    await publish(
      'twice',
      { double: say({ n: '{% $input.n * 2 %}' }) },
      { input, output: '{% $steps.double.n %}' },
    )
    await publish('shaky', { try: { ...breaks, onFailure: 'continue' } }, { output: 'done' })
    await publish('broken', { try: breaks })
    await publish('slow', { nap: { wait: { seconds: 60 } } })
    await publish('endless', { again: { workflow: 'twice' } })
    await publish('endless', { again: { workflow: 'endless' } }, { version: 2 })
  })

  it('is a task of its own, linked to its parent, whose result is the output of the step (control/O7)', async () => {
    const { taskId } = await api.submitOwn(caller('twice'))
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({ got: 40, status: 'succeeded' })
    const child = await childOf(taskId)
    expect(await taskOf(child)).toMatchObject({
      status: 'succeeded',
      workflow: { name: 'twice', version: 1 },
      parent: { taskId, path: 'call' },
      links: { parent: `/api/v1/tasks/${taskId}` },
    })
  })

  it('passes on degraded, failed and skipped results to the calling step', async () => {
    const shaky = await api.submitOwn(caller('shaky'))
    const broken = await api.submitOwn(caller('broken'))
    const mended = await api.submitOwn(caller('broken', { onFailure: 'continue' }))
    const skipped = await api.submitOwn(caller('twice', { when: '{% false %}' }))
    expect(await api.ended(shaky.taskId)).toMatchObject({
      status: 'succeeded',
      degraded: [{ path: 'call', reason: expect.stringContaining('of workflow shaky: try: ') }],
    })
    expect(await api.ended(broken.taskId)).toMatchObject({
      status: 'failed',
      error: { stepId: 'call', message: expect.stringContaining('of workflow broken: step "try"') },
    })
    await api.ended(mended.taskId)
    expect(await api.resultOf(mended.taskId)).toEqual({ status: 'failed' })
    await api.ended(skipped.taskId)
    expect(await api.resultOf(skipped.taskId)).toEqual({ status: 'skipped' })
  })

  it('is checked against its own input schema, and must exist', async () => {
    const two = caller('twice', { input: { n: 'two' } })
    expect(await api.submitOwn(two)).toMatchObject({
      status: 422,
      body: { issues: [{ code: 'wrong-type', path: 'steps.call.input.n' }] },
    })
    const wrong = await api.submitOwn(two, {}, { lenient: true })
    expect(await api.ended(wrong.taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidInputError', stepId: 'call', message: expect.stringContaining('input.n') },
    })
    for (const name of ['twicee', 'twice@7']) {
      expect(await api.submitOwn(caller(name))).toMatchObject({
        status: 422,
        body: {
          issues: [
            { code: 'unknown-workflow', path: 'steps.call.workflow', message: expect.stringContaining(name) },
          ],
        },
      })
    }
  })

  it('may be called by version, and may recurse to a limited depth', async () => {
    const old = await api.submitOwn({
      name: 'old',
      steps: { call: { workflow: 'endless@1', input: { n: 1 } } },
    })
    expect(await api.ended(old.taskId)).toMatchObject({ status: 'succeeded' })
    const { taskId } = await api.submitOwn({ name: 'deep', steps: { call: { workflow: 'endless' } } })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('9 workflows deep; the most is 8') },
    })
  })

  it('is cancelled with its parent, and when it takes too long', async () => {
    const { taskId } = await api.submitOwn(caller('slow'))
    await expect.poll(() => childOf(taskId), { timeout: 10_000 }).toMatch(/^t_/)
    const child = await childOf(taskId)
    await expect.poll(async () => (await taskOf(child)).steps[0]?.status, { timeout: 10_000 }).toBe('running')
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
    expect(await taskOf(child)).toMatchObject({ status: 'cancelled' })

    const late = await api.submitOwn(caller('slow', { timeoutSeconds: 1, onFailure: { output: 'too late' } }))
    expect(await api.ended(late.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(late.taskId)).toMatchObject({ got: 'too late' })
    expect(await taskOf(await childOf(late.taskId))).toMatchObject({ status: 'cancelled' })
  })

  it('runs in the rounds of a loop, and behind a gate', async () => {
    const round = {
      steps: { call: { workflow: 'twice', input: { n: '{% $iteration %}' } } },
      until: '{% $steps.call = 4 %}',
    }
    const looped = await api.submitOwn({
      name: 'rounds',
      steps: { loop: { repeat: { ...round, maxIterations: 3 } } },
    })
    expect(await api.ended(looped.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(looped.taskId)).toEqual({ loop: { call: 4 } })
    const call = (needs: string[]) => ({ workflow: 'twice', input: { n: needs.length }, needs })
    const steps = { a: call([]), b: say({}), c: say({}, { needs: ['a'] }), d: call(['a', 'b']) }
    const gated = await api.submitOwn({ name: 'gated-child', steps, output: '{% $steps.d %}' })
    expect(await api.ended(gated.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(gated.taskId)).toBe(4)
  })
})
