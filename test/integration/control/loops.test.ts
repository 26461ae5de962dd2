import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

describe('a loop', () => {
  const pathsOf = async (taskId: string) => {
    const { steps } = await api.ask('listTaskSteps', { id: taskId })
    return Object.fromEntries(steps.map(({ stepId, status }) => [stepId, status]))
  }
  const say = (input: object, more: object = {}) => ({ capability: 'echo', input, ...more })
  const repeat = (steps: object, more: object = {}) => ({
    steps,
    until: '{% $iteration = 3 %}',
    maxIterations: 5,
    ...more,
  })
  const loopOf = (body: object, more: object = {}, own: object = {}) => ({
    name: 'loop',
    steps: { seed: say({ n: 1 }), improve: { repeat: repeat(body, more), ...own } },
    output: '{% $steps.improve %}',
  })
  const grow = say({
    n: '{% $exists($previous) ? $previous.grow.n * 2 : $steps.seed.n %}',
    round: '{% $iteration %}',
  })
  const breaks = { capability: 'analysis.profile', input: { source: 'a,b\n"unclosed,1\n' } }

  it('repeats until its condition is true; each round sees the previous one (control/O6)', async () => {
    const { taskId } = await api.submitOwn(loopOf({ grow }))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'succeeded',
      steps: [{ stepId: 'seed' }, { stepId: 'improve' }, { stepId: 'improve[3].grow', agentId: 'echo' }],
    })
    expect(await api.resultOf(taskId)).toEqual({ grow: { n: 4, round: 3 } })
    expect(Object.keys(await pathsOf(taskId))).toEqual([
      'seed',
      'improve',
      'improve[1].grow',
      'improve[2].grow',
      'improve[3].grow',
    ])
  })

  it('stops at maxIterations, which is a failure with a policy (control/O6)', async () => {
    const never = { until: '{% $steps.grow.n > 100 %}', maxIterations: 2 }
    const { taskId } = await api.submitOwn(loopOf({ grow }, never))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: {
        name: 'LoopExhaustedError',
        stepId: 'improve',
        message: 'step "improve": {% $steps.grow.n > 100 %} is still not true after 2 rounds (maxIterations)',
      },
    })
    const mended = await api.submitOwn(
      loopOf({ grow }, never, { onFailure: { output: 'as far as it came' } }),
    )
    expect(await api.ended(mended.taskId)).toMatchObject({
      status: 'succeeded',
      degraded: [{ path: 'improve' }],
    })
    expect(await api.resultOf(mended.taskId)).toBe('as far as it came')
  })

  it('fails with a step of its body, where its own policy does not say otherwise', async () => {
    const { taskId } = await api.submitOwn(loopOf({ breaks }))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { stepId: 'improve[1].breaks' },
    })
    expect(await pathsOf(taskId)).toEqual({
      seed: 'succeeded',
      improve: 'failed',
      'improve[1].breaks': 'failed',
    })
    const goesOn = await api.submitOwn(loopOf({ breaks }, {}, { onFailure: { output: 0 } }))
    expect(await api.ended(goesOn.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(goesOn.taskId)).toBe(0)
    const inside = await api.submitOwn(loopOf({ breaks: { ...breaks, onFailure: 'continue' }, grow }))
    expect(await api.ended(inside.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(inside.taskId)).toMatchObject({ grow: { n: 4 } })
  })

  it('is skipped as a whole, and reports an invalid condition', async () => {
    const skipped = await api.submitOwn(loopOf({ grow }, {}, { when: '{% $steps.seed.n > 1 %}' }))
    expect(await api.ended(skipped.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await pathsOf(skipped.taskId)).toEqual({ seed: 'succeeded', improve: 'skipped' })
    const lenient = { lenient: true }
    const vague = await api.submitOwn(loopOf({ grow }, { until: '{% "yes" %}' }), {}, lenient)
    expect(await api.ended(vague.taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('is "yes"; a condition is true or false') },
    })
    const wrong = await api.submitOwn(
      loopOf({ grow }, { until: '{% $steps.grow.n + "x" > 1 %}' }),
      {},
      lenient,
    )
    expect(await api.ended(wrong.taskId)).toMatchObject({
      status: 'failed',
      error: {
        name: 'InvalidInputError',
        stepId: 'improve',
        message: expect.stringContaining('repeat.until'),
      },
    })
  })

  it('has loops, fan-outs, waits and events in its body', async () => {
    const inner = repeat(
      { pass: say({ at: '{% $iteration %}', outer: '{% $steps.mark.at %}' }) },
      {
        until: '{% $iteration = 2 %}',
        output: '{% $steps.pass %}',
      },
    )
    const body = {
      mark: say({ at: '{% $iteration %}' }),
      polish: { repeat: inner },
      each: {
        capability: 'echo',
        forEach: '{% $input.list %}',
        input: { n: '{% $item * $steps.mark.at %}' },
      },
      pause: { wait: { seconds: 0 }, needs: ['each'] },
      tell: { emit: { type: 'round', data: '{% $steps.each.n %}' }, needs: ['pause'] },
    }
    const output = { polish: '{% $steps.polish %}', each: '{% $steps.each.n %}', tell: '{% $steps.tell %}' }
    const { taskId } = await api.submitOwn(loopOf(body, { until: '{% $iteration = 2 %}', output }), {
      list: [1, 2, 3],
    })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({
      polish: { at: 2, outer: 2 },
      each: [2, 4, 6],
      tell: [2, 4, 6],
    })
    const paths = await pathsOf(taskId)
    expect(paths).toMatchObject({
      'improve[2].polish[2].pass': 'succeeded',
      'improve[2].each[2]': 'succeeded',
    })
    // Twice: mark, polish, its two rounds of one step, each with three items, pause and tell; and seed and improve.
    expect(Object.keys(paths)).toHaveLength(2 + 2 * 10)
  })

  it('has a gate in its body, passed anew in each of two rounds', async () => {
    const step = (...needs: string[]) =>
      say({ at: '{% $iteration %}', of: needs.map((id) => `{% $steps.${id}.at %}`) }, { needs })
    const body = { a: step(), b: step(), c: step('a'), d: step('a', 'b') }
    const workflow = loopOf(body, { until: '{% $iteration = 2 %}' })
    const plan = await api.call('POST', '/plans', { workflow })
    expect(plan.body.gates).toEqual([{ before: 'improve.d', after: ['improve.a'] }])
    const { taskId } = await api.submitOwn(workflow)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({ c: { at: 2, of: [2] }, d: { at: 2, of: [2, 2] } })
  })

  it('works in a graph with gates: before one and after one', async () => {
    const round = (needs: string[]) => ({
      needs,
      repeat: repeat({ [`in_${needs.length}`]: say({ at: '{% $iteration %}' }) }),
    })
    const one = (needs: string[]) => say({ done: true }, { needs })
    const steps = { a: round([]), b: one([]), c: one(['a']), d: round(['a', 'b']) }
    const { taskId } = await api.submitOwn({ name: 'gated-loop', steps, output: '{% $steps.d %}' })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(taskId)).toEqual({ in_2: { at: 3 } })
  })

  it('asks a person in every round', async () => {
    const ask = { approval: { prompt: '{% "Round " & $iteration %}', timeoutSeconds: 60 } }
    const { taskId } = await api.submitOwn(
      loopOf({ ask }, { until: '{% $steps.ask.decision = "approve" %}' }),
    )
    await expect
      .poll(async () => (await pathsOf(taskId))['improve[1].ask'], { timeout: 10_000 })
      .toBe('waiting')
    const wrong = await api.call('POST', `/tasks/${taskId}/approvals/ask`, { decision: 'reject', by: 'ada' })
    expect(wrong).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('there wait: "improve[1].ask"') },
    })
    // Without the round: the path is unambiguous, as only one such step waits.
    const byPlace = await api.call('POST', `/tasks/${taskId}/approvals/improve.ask`, {
      decision: 'reject',
      by: 'ada',
    })
    expect(byPlace).toMatchObject({ status: 200, body: { stepId: 'improve[1].ask' } })
    for (const [round, decision] of [
      [2, 'reject'],
      [3, 'approve'],
    ] as const) {
      await expect
        .poll(async () => (await pathsOf(taskId))[`improve[${round}].ask`], { timeout: 10_000 })
        .toBe('waiting')
      const path = encodeURIComponent(`improve[${round}].ask`)
      const answer = await api.call('POST', `/tasks/${taskId}/approvals/${path}`, { decision, by: 'ada' })
      expect(answer).toMatchObject({ status: 200, body: { stepId: `improve[${round}].ask` } })
    }
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  })
})
