import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

describe('a fan-out', () => {
  const fan = (more: object, input: object = { n: '{% $item %}', at: '{% $index %}' }) => ({
    name: 'fan',
    steps: {
      each: { capability: 'echo', forEach: '{% $input.list %}', input, ...more },
      sum: {
        capability: 'echo',
        input: { sum: '{% $sum($steps.each.n) %}', status: '{% $status.each %}' },
        needs: ['each'],
      },
    },
    output: { each: '{% $steps.each %}', sum: '{% $steps.sum %}' },
  })
  /** A fan-out with a step that fails for items that are no tables. */
  const profiles = (more: object) => ({
    name: 'profiles',
    steps: {
      each: {
        capability: 'analysis.profile',
        forEach: '{% $input.list %}',
        input: { source: '{% $item %}' },
        ...more,
      },
      after: { capability: 'echo', input: { count: '{% $count($steps.each) %}' } },
    },
    output: '{% $steps.after.count %}',
  })
  const TABLE = 'a,b\n1,2\n2,3\n'
  const BROKEN = 'a,b\n"unclosed,1\n'

  it('runs a step for each item, and answers in their order', async () => {
    const list = Array.from({ length: 30 }, (_, index) => 30 - index)
    const { taskId } = await api.submitOwn(fan({ maxConcurrency: 7 }), { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', degraded: [] })
    expect(await api.resultOf(taskId)).toEqual({
      each: list.map((n, at) => ({ n, at })),
      sum: { sum: 465, status: 'succeeded' },
    })
  })

  it.each(['early', 'late'])('has more than 40 at once in executions of their own (%s)', async (bind) => {
    const list = Array.from({ length: 120 }, (_, index) => index)
    const loop = {
      steps: { each: fan({ bind, maxConcurrency: 60 }).steps.each },
      until: '{% $iteration = 2 %}',
    }
    const workflow = {
      name: 'wide',
      steps: { loop: { repeat: { ...loop, maxIterations: 2, output: '{% $steps.each %}' } } },
      output: '{% $steps.loop %}',
    }
    const { taskId } = await api.submitOwn(workflow, { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual(list.map((n, at) => ({ n, at })))
  })

  it('tolerates failures among executions of their own', async () => {
    const list = Array.from({ length: 45 }, (_, index) => (index === 7 ? BROKEN : TABLE))
    const { taskId } = await api.submitOwn(profiles({ maxConcurrency: 45, tolerate: 1 }), { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toBe(45)
  })

  it('gives each item as the input where the step says nothing else', async () => {
    const { input: _input, ...each } = fan({}).steps.each
    const workflow = { name: 'plain', steps: { each } }
    const { taskId } = await api.submitOwn(workflow, { list: [{ a: 1 }, { a: 2 }] })
    await api.ended(taskId)
    expect(await api.resultOf(taskId)).toEqual({ each: [{ a: 1 }, { a: 2 }] })
  })

  it('has no items for an empty list, nor when it is skipped', async () => {
    const empty = await api.submitOwn(fan({}), { list: [] })
    const skipped = await api.submitOwn(fan({ when: '{% false %}' }), { list: [1] })
    expect(await api.ended(empty.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(empty.taskId)).toMatchObject({ each: [] })
    expect(await api.ended(skipped.taskId)).toMatchObject({
      status: 'succeeded',
      steps: [{ status: 'skipped' }, { status: 'skipped' }],
    })
  })

  it.each([
    ['a number', 1],
    ['a share', '34%'],
  ])('goes on with the failures that it tolerates: %s (resolve/R4)', async (_what, tolerate) => {
    const { taskId } = await api.submitOwn(profiles({ tolerate }), { list: [TABLE, BROKEN, TABLE] })
    const task = await api.ended(taskId)
    expect(task).toMatchObject({ status: 'succeeded' })
    expect((task.degraded as { path: string }[]).map(({ path }) => path).sort()).toEqual(['each', 'each[1]'])
    expect(await api.resultOf(taskId)).toBe(3)
  })

  it('fails with more, and says which was the first (control/O5)', async () => {
    const { taskId } = await api.submitOwn(profiles({}), { list: [TABLE, BROKEN] })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: {
        stepId: 'each',
        message: expect.stringContaining('1 of 2 items failed, the first (each[1]) with:'),
      },
    })
    const let_go = await api.submitOwn(profiles({ onFailure: { output: [] } }), { list: [BROKEN] })
    expect(await api.ended(let_go.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(let_go.taskId)).toBe(0)
  })

  it('refuses a value that is not a list, and a list that is too long', async () => {
    const text = await api.submitOwn(fan({}), { list: null })
    const long = await api.submitOwn(fan({ maxItems: 2 }), { list: [1, 2, 3] })
    expect(await api.ended(text.taskId)).toMatchObject({
      error: {
        name: 'InvalidInputError',
        message: expect.stringContaining('forEach is null, which is no list'),
      },
    })
    expect(await api.ended(long.taskId)).toMatchObject({
      error: { message: expect.stringContaining('3 items; the most is 2 (maxItems)') },
    })
  })

  it('works in a graph with gates: before one and after one', async () => {
    const each = (needs: string[]) => ({
      capability: 'echo',
      forEach: '{% $input.list %}',
      input: { n: '{% $item %}' },
      needs,
    })
    const one = (needs: string[]) => ({ capability: 'echo', input: { done: true }, needs })
    const steps = { a: each([]), b: one([]), c: one(['a']), d: each(['a', 'b']) }
    const { taskId } = await api.submitOwn(
      { name: 'gated-fan', steps, output: '{% $steps.d.n %}' },
      { list: [1, 2, 3] },
    )
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual([1, 2, 3])
  })
})
