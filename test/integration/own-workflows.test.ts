import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../support/local-api.ts'

let api: LocalApi
let sfn: SFNClient
beforeAll(async () => {
  api = await startApi()
  const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }
  sfn = new SFNClient({ endpoint: api.awsUrl, region: 'us-east-1', credentials })
})
afterAll(() => api.stop())

const step = (needs: string[] = []) => ({
  capability: 'echo',
  input: { from: needs.map((id) => `{% $steps.${id}.own %}`), own: '{% $input.word %}' },
})
/** Not series-parallel: `d` waits at a gate for `a`. */
const crossed = (names: [string, string, string, string]) => {
  const [a, b, c, d] = names
  return {
    name: 'crossed',
    steps: { [a]: step(), [b]: step(), [c]: step([a]), [d]: step([a, b]) },
    output: `{% $steps.${d} %}`,
  }
}
const submit = async (workflow: unknown, input: object = { word: 'w' }) => {
  const { status, body } = await api.call('POST', '/tasks', { workflow, input })
  return { status, body, taskId: String(body.taskId) }
}
const sharedMachines = async (): Promise<string[]> => {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}))
  return stateMachines.map(({ name = '' }) => name).filter((name) => name.startsWith('orchestrator-shared-'))
}

describe('a workflow that comes with its task', () => {
  it('runs, gates and all, on a machine that workflows of its shape share', async () => {
    const first = await submit(crossed(['a', 'b', 'c', 'd']))
    expect(first.status).toBe(202)
    const task = await api.ended(first.taskId)
    expect(task).toMatchObject({ status: 'succeeded', workflow: { name: 'crossed', version: 1 } })
    expect(await api.call('GET', `/tasks/${first.taskId}/result`)).toMatchObject({
      body: { result: { from: ['w', 'w'], own: 'w' } },
    })
    expect(await sharedMachines()).toHaveLength(1)

    // The same shape under other names, which sort otherwise.
    const second = await submit(crossed(['z', 'b', 'x', 'd']))
    expect(await api.ended(second.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await sharedMachines()).toHaveLength(1)
  })

  it('may be YAML text', async () => {
    const { taskId } = await submit('name: yaml\nsteps:\n  say: { capability: echo }\n', { text: 'hello' })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', steps: [{ stepId: 'say' }] })
  })

  it('makes one machine when two come at the same instant', async () => {
    const before = await sharedMachines()
    const chain = { name: 'chain', steps: { a: step(), b: step(['a']), c: step(['b']), d: step(['c']) } }
    const both = await Promise.all([submit(chain), submit(chain), submit(chain)])
    for (const { taskId } of both) expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await sharedMachines()).toHaveLength(before.length + 1)
  })

  it('is refused with every issue, and leaves nothing behind (S3)', async () => {
    const before = await sharedMachines()
    const circle = { name: 'circle', steps: { a: step(['b']), b: step(['a']) } }
    expect(await submit(circle)).toMatchObject({
      status: 422,
      body: { issues: [{ code: 'cycle', message: expect.stringContaining('a -> b -> a') }] },
    })
    const nobody = { name: 'nobody', steps: { a: { capability: 'echoo' } } }
    expect(await submit(nobody)).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'steps.a.capability' }] },
    })
    expect(await sharedMachines()).toEqual(before)
  })

  it('may bind a step late, and handle a failure', async () => {
    const workflow = {
      name: 'careful',
      steps: {
        first: { capability: 'echo', bind: 'late', input: { text: 'late' } },
        // No table: the agent fails, and so would any other.
        broken: {
          capability: 'analysis.profile',
          input: { source: { $file: 'files/none/none.csv' }, after: '{% $steps.first.text %}' },
          onFailure: { step: 'repair' },
        },
        repair: { capability: 'echo', input: { status: '{% $status.broken %}' } },
        unused: { capability: 'echo', onFailure: { step: 'never' } },
        never: { capability: 'echo' },
      },
    }
    const { taskId } = await submit(workflow)
    const task = await api.ended(taskId)
    expect(task).toMatchObject({ status: 'succeeded', degraded: [{ path: 'broken' }] })
    const steps = Object.fromEntries(
      (task.steps as unknown as { stepId: string; status: string }[]).map(({ stepId, status }) => [
        stepId,
        status,
      ]),
    )
    expect(steps).toEqual({
      first: 'succeeded',
      broken: 'failed',
      repair: 'succeeded',
      unused: 'succeeded',
      never: 'skipped',
    })
    expect(await api.call('GET', `/tasks/${taskId}/result`)).toMatchObject({
      body: { result: { repair: { status: 'failed' }, unused: { word: 'w' } } },
    })
  })
})

it('splits a workflow that is too large for one machine over several executions', async () => {
  // 24 chains of 25 steps, and one that gathers them.
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
  const { taskId } = await submit(workflow)
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect((await api.call('GET', `/tasks/${taskId}/result`)).body.result).toBe(24 * 25)
})

describe('a workflow that is published at run time', () => {
  const greeting = (version: number, word: string) => ({
    name: 'greeting',
    version,
    taskTypes: ['greet'],
    steps: { say: { capability: 'echo', input: { word } } },
  })
  const put = (workflow: object, name = 'greeting') => api.call('PUT', `/workflows/${name}`, { workflow })

  it('serves tasks from then on, each version on a machine of its own', async () => {
    expect(await put(greeting(1, 'hello'))).toMatchObject({
      status: 200,
      body: { name: 'greeting', version: 1 },
    })
    expect(await api.run('greet', {})).toMatchObject({ status: 'succeeded', workflow: { version: 1 } })
    const second = await put(greeting(2, 'good day'))
    expect(second.status).toBe(200)
    const task = await api.run('greet', {})
    expect(task).toMatchObject({
      workflow: { version: 2 },
      execution: { stateMachineArn: second.body.stateMachineArn },
    })
    expect(String(second.body.stateMachineArn)).toMatch(/:orchestrator-greeting-v2-[0-9a-f]{8}$/)
  })

  it('is the same when it is published again, and is never another (V1)', async () => {
    expect((await put(greeting(2, 'good day'))).status).toBe(200)
    expect(await put(greeting(2, 'bye'))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('publish this as version 3') },
    })
    expect((await put(greeting(1, 'bye'))).status).toBe(409)
    const both = await Promise.all([put(greeting(3, 'one')), put(greeting(3, 'two'))])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it('is refused where it cannot be: another name, a claimed type, a circle', async () => {
    expect((await put(greeting(4, 'hi'), 'other')).status).toBe(400)
    expect(await put({ ...greeting(1, 'hi'), name: 'mine', taskTypes: ['simple'] }, 'mine')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('claimed by workflow "simple"') },
    })
    const circle = { name: 'round', steps: { a: step(['b']), b: step(['a']) } }
    expect((await put(circle, 'round')).status).toBe(422)
  })
})

describe('steps that no agent runs', () => {
  const say = (input: object, needs: string[] = []) => ({ capability: 'echo', input, needs })
  const resultOf = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}/result`)).body.result
  const stepOf = async (taskId: string, stepId: string) => {
    const { steps } = (await api.call('GET', `/tasks/${taskId}`)).body as unknown as {
      steps: { stepId: string; status: string }[]
    }
    return steps.find((one) => one.stepId === stepId)
  }
  const untilWaiting = (taskId: string, stepId: string) =>
    expect.poll(async () => (await stepOf(taskId, stepId))?.status, { timeout: 10_000 }).toBe('waiting')

  it('waits as long as it is told, or until a time', async () => {
    const { taskId } = await submit(
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
    const pause = (await stepOf(taskId, 'pause')) as unknown as { durationMs: number }
    expect(pause.durationMs).toBeGreaterThanOrEqual(1_000)
  })

  it('says what a wait cannot be', async () => {
    const { taskId } = await submit(
      { name: 'never', steps: { pause: { wait: { until: '{% "soon" %}' } } } },
      {},
    )
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidInputError', message: expect.stringContaining('until "soon"'), stepId: 'pause' },
    })
  })

  it('goes on with what it has emitted, and emits nothing where its condition is not true', async () => {
    const { taskId } = await submit({
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
      // Nobody waits for a person who has nothing to do with it.
      beside: say({ done: true }, ['draft']),
    },
  })
  const answer = (taskId: string, body: object, stepId = 'sign_off') =>
    api.call('POST', `/tasks/${taskId}/approvals/${stepId}`, body)

  it('waits for a person, shows what is asked, and goes on with the answer (O4)', async () => {
    const { taskId } = await submit(approval())
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
    expect(await resultOf(taskId)).toMatchObject({ publish: { by: 'ada' }, beside: { done: true } })
  })

  it('lets only those decide who may', async () => {
    const { taskId } = await submit(approval({ approvers: ['ada'], choices: ['yes', 'no'] }))
    await untilWaiting(taskId, 'sign_off')
    expect((await answer(taskId, { decision: 'no', by: 'bob' })).status).toBe(400)
    expect((await answer(taskId, { decision: 'no', by: 'ada' })).status).toBe(200)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(taskId, 'publish')).toMatchObject({ status: 'skipped' })
  })

  it('decides by itself when nobody does in time, or fails', async () => {
    const first = await submit(approval({ timeoutSeconds: 1, onTimeout: 'reject' }))
    const second = await submit(approval({ timeoutSeconds: 1 }))
    expect(await api.ended(first.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await stepOf(first.taskId, 'publish')).toMatchObject({ status: 'skipped' })
    expect(await api.ended(second.taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'ApprovalTimedOutError', stepId: 'sign_off' },
    })
  })
})

describe('a fan-out', () => {
  const resultOf = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}/result`)).body.result
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
  /** The agent fails for items that are no tables. */
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
    const { taskId } = await submit(fan({ maxConcurrency: 7 }), { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', degraded: [] })
    expect(await resultOf(taskId)).toEqual({
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
    const { taskId } = await submit(workflow, { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual(list.map((n, at) => ({ n, at })))
  })

  it('tolerates failures among executions of their own', async () => {
    const list = Array.from({ length: 45 }, (_, index) => (index === 7 ? BROKEN : TABLE))
    const { taskId } = await submit(profiles({ maxConcurrency: 45, tolerate: 1 }), { list })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toBe(45)
  })

  it('gives each item as the input where the step says nothing else', async () => {
    const { input: _input, ...each } = fan({}).steps.each
    const workflow = { name: 'plain', steps: { each } }
    const { taskId } = await submit(workflow, { list: [{ a: 1 }, { a: 2 }] })
    await api.ended(taskId)
    expect(await resultOf(taskId)).toEqual({ each: [{ a: 1 }, { a: 2 }] })
  })

  it('has nothing to do with an empty list, and nothing when it is skipped', async () => {
    const empty = await submit(fan({}), { list: [] })
    const skipped = await submit(fan({ when: '{% false %}' }), { list: [1] })
    expect(await api.ended(empty.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(empty.taskId)).toMatchObject({ each: [] })
    expect(await api.ended(skipped.taskId)).toMatchObject({
      status: 'succeeded',
      steps: [{ status: 'skipped' }, { status: 'skipped' }],
    })
  })

  it.each([
    ['a number', 1],
    ['a share', '34%'],
  ])('goes on with the failures that it tolerates: %s', async (_what, tolerate) => {
    const { taskId } = await submit(profiles({ tolerate }), { list: [TABLE, BROKEN, TABLE] })
    const task = await api.ended(taskId)
    expect(task).toMatchObject({ status: 'succeeded' })
    expect((task.degraded as { path: string }[]).map(({ path }) => path).sort()).toEqual(['each', 'each[1]'])
    expect(await resultOf(taskId)).toBe(3)
  })

  it('fails with more, and says which was the first (O5)', async () => {
    const { taskId } = await submit(profiles({}), { list: [TABLE, BROKEN] })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: {
        stepId: 'each',
        message: expect.stringContaining('1 of 2 items failed, the first (each[1]) with:'),
      },
    })
    const let_go = await submit(profiles({ onFailure: { output: [] } }), { list: [BROKEN] })
    expect(await api.ended(let_go.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(let_go.taskId)).toBe(0)
  })

  it('says what is no list, and what is too long', async () => {
    const text = await submit(fan({}), { list: null })
    const long = await submit(fan({ maxItems: 2 }), { list: [1, 2, 3] })
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

  it('stands in a graph with gates: before one and behind one', async () => {
    const each = (needs: string[]) => ({
      capability: 'echo',
      forEach: '{% $input.list %}',
      input: { n: '{% $item %}' },
      needs,
    })
    const one = (needs: string[]) => ({ capability: 'echo', input: { done: true }, needs })
    const steps = { a: each([]), b: one([]), c: one(['a']), d: each(['a', 'b']) }
    const { taskId } = await submit(
      { name: 'gated-fan', steps, output: '{% $steps.d.n %}' },
      { list: [1, 2, 3] },
    )
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual([1, 2, 3])
  })
})

describe('a loop', () => {
  const resultOf = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}/result`)).body.result
  const pathsOf = async (taskId: string) => {
    const { steps } = (await api.call('GET', `/tasks/${taskId}/steps`)).body as unknown as {
      steps: { stepId: string; status: string }[]
    }
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

  it('goes round until its condition is true, each round seeing the one before (O6)', async () => {
    const { taskId } = await submit(loopOf({ grow }))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'succeeded',
      steps: [{ stepId: 'seed' }, { stepId: 'improve' }, { stepId: 'improve[3].grow', agentId: 'echo' }],
    })
    expect(await resultOf(taskId)).toEqual({ grow: { n: 4, round: 3 } })
    expect(Object.keys(await pathsOf(taskId))).toEqual([
      'seed',
      'improve',
      'improve[1].grow',
      'improve[2].grow',
      'improve[3].grow',
    ])
  })

  it('stops at maxIterations, which is a failure with a policy (O6)', async () => {
    const never = { until: '{% $steps.grow.n > 100 %}', maxIterations: 2 }
    const { taskId } = await submit(loopOf({ grow }, never))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: {
        name: 'LoopExhaustedError',
        stepId: 'improve',
        message: 'step "improve": {% $steps.grow.n > 100 %} is still not true after 2 rounds (maxIterations)',
      },
    })
    const mended = await submit(loopOf({ grow }, never, { onFailure: { output: 'as far as it came' } }))
    expect(await api.ended(mended.taskId)).toMatchObject({
      status: 'succeeded',
      degraded: [{ path: 'improve' }],
    })
    expect(await resultOf(mended.taskId)).toBe('as far as it came')
  })

  it('fails with a step of its body, where its own policy does not say otherwise', async () => {
    const { taskId } = await submit(loopOf({ breaks }))
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { stepId: 'improve[1].breaks' },
    })
    expect(await pathsOf(taskId)).toEqual({
      seed: 'succeeded',
      improve: 'failed',
      'improve[1].breaks': 'failed',
    })
    const goesOn = await submit(loopOf({ breaks }, {}, { onFailure: { output: 0 } }))
    expect(await api.ended(goesOn.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(goesOn.taskId)).toBe(0)
    const inside = await submit(loopOf({ breaks: { ...breaks, onFailure: 'continue' }, grow }))
    expect(await api.ended(inside.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(inside.taskId)).toMatchObject({ grow: { n: 4 } })
  })

  it('is skipped as a whole, and says what its condition cannot be', async () => {
    const skipped = await submit(loopOf({ grow }, {}, { when: '{% $steps.seed.n > 1 %}' }))
    expect(await api.ended(skipped.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await pathsOf(skipped.taskId)).toEqual({ seed: 'succeeded', improve: 'skipped' })
    const vague = await submit(loopOf({ grow }, { until: '{% "yes" %}' }))
    expect(await api.ended(vague.taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('is "yes"; a condition is true or false') },
    })
    const wrong = await submit(loopOf({ grow }, { until: '{% $steps.grow.n + "x" > 1 %}' }))
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
    const { taskId } = await submit(loopOf(body, { until: '{% $iteration = 2 %}', output }), {
      list: [1, 2, 3],
    })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual({ polish: { at: 2, outer: 2 }, each: [2, 4, 6], tell: [2, 4, 6] })
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
    const { taskId } = await submit(workflow)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual({ c: { at: 2, of: [2] }, d: { at: 2, of: [2, 2] } })
  })

  it('stands in a graph with gates: before one and behind one', async () => {
    const round = (needs: string[]) => ({
      needs,
      repeat: repeat({ [`in_${needs.length}`]: say({ at: '{% $iteration %}' }) }),
    })
    const one = (needs: string[]) => say({ done: true }, { needs })
    const steps = { a: round([]), b: one([]), c: one(['a']), d: round(['a', 'b']) }
    const { taskId } = await submit({ name: 'gated-loop', steps, output: '{% $steps.d %}' })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual({ in_2: { at: 3 } })
  })

  it('asks a person in every round', async () => {
    const ask = { approval: { prompt: '{% "Round " & $iteration %}', timeoutSeconds: 60 } }
    const { taskId } = await submit(loopOf({ ask }, { until: '{% $steps.ask.decision = "approve" %}' }))
    await expect
      .poll(async () => (await pathsOf(taskId))['improve[1].ask'], { timeout: 10_000 })
      .toBe('waiting')
    const wrong = await api.call('POST', `/tasks/${taskId}/approvals/ask`, { decision: 'reject', by: 'ada' })
    expect(wrong).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('there wait: "improve[1].ask"') },
    })
    // Without the round, for one such step has asked.
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

describe('a child workflow', () => {
  const say = (input: object, more: object = {}) => ({ capability: 'echo', input, ...more })
  const breaks = { capability: 'analysis.profile', input: { source: 'a,b\n"unclosed,1\n' } }
  const publish = async (name: string, steps: object, more: object = {}) => {
    const { status, body } = await api.call('PUT', `/workflows/${name}`, {
      workflow: { name, steps, ...more },
    })
    if (status !== 200) throw new Error(JSON.stringify(body))
  }
  const taskOf = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}`)).body as unknown as Task
  type Task = { status: string; steps: { stepId: string; status: string; child?: string }[]; error?: object }
  const childOf = async (taskId: string, stepId = 'call') =>
    String((await taskOf(taskId)).steps.find((one) => one.stepId === stepId)?.child)
  const resultOf = async (taskId: string) => (await api.call('GET', `/tasks/${taskId}/result`)).body.result
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

  it('is a task of its own, linked to its parent, whose result is the output of the step (O7)', async () => {
    const { taskId } = await submit(caller('twice'))
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(taskId)).toEqual({ got: 40, status: 'succeeded' })
    const child = await childOf(taskId)
    expect(await taskOf(child)).toMatchObject({
      status: 'succeeded',
      workflow: { name: 'twice', version: 1 },
      parent: { taskId, path: 'call' },
      links: { parent: `/api/v1/tasks/${taskId}` },
    })
  })

  it('has what is degraded, failed or skipped in the step that calls it', async () => {
    const shaky = await submit(caller('shaky'))
    const broken = await submit(caller('broken'))
    const mended = await submit(caller('broken', { onFailure: 'continue' }))
    const skipped = await submit(caller('twice', { when: '{% false %}' }))
    expect(await api.ended(shaky.taskId)).toMatchObject({
      status: 'succeeded',
      degraded: [{ path: 'call', reason: expect.stringContaining('of workflow shaky: try: ') }],
    })
    expect(await api.ended(broken.taskId)).toMatchObject({
      status: 'failed',
      error: { stepId: 'call', message: expect.stringContaining('of workflow broken: step "try"') },
    })
    await api.ended(mended.taskId)
    expect(await resultOf(mended.taskId)).toEqual({ status: 'failed' })
    await api.ended(skipped.taskId)
    expect(await resultOf(skipped.taskId)).toEqual({ status: 'skipped' })
  })

  it('is checked against its own input schema, and must be there', async () => {
    const wrong = await submit(caller('twice', { input: { n: 'two' } }))
    expect(await api.ended(wrong.taskId)).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidInputError', stepId: 'call', message: expect.stringContaining('input.n') },
    })
    for (const name of ['twicee', 'twice@7']) {
      expect(await submit(caller(name))).toMatchObject({
        status: 422,
        body: {
          issues: [
            { code: 'unknown-workflow', path: 'steps.call.workflow', message: expect.stringContaining(name) },
          ],
        },
      })
    }
  })

  it('may be a version, and calls itself only so deep', async () => {
    const old = await submit({ name: 'old', steps: { call: { workflow: 'endless@1', input: { n: 1 } } } })
    expect(await api.ended(old.taskId)).toMatchObject({ status: 'succeeded' })
    const { taskId } = await submit({ name: 'deep', steps: { call: { workflow: 'endless' } } })
    expect(await api.ended(taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('9 workflows deep; the most is 8') },
    })
  })

  it('is cancelled with its parent, and when it takes too long', async () => {
    const { taskId } = await submit(caller('slow'))
    await expect.poll(() => childOf(taskId), { timeout: 10_000 }).toMatch(/^t_/)
    const child = await childOf(taskId)
    await expect.poll(async () => (await taskOf(child)).steps[0]?.status, { timeout: 10_000 }).toBe('running')
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
    expect(await taskOf(child)).toMatchObject({ status: 'cancelled' })

    const late = await submit(caller('slow', { timeoutSeconds: 1, onFailure: { output: 'too late' } }))
    expect(await api.ended(late.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(late.taskId)).toMatchObject({ got: 'too late' })
    expect(await taskOf(await childOf(late.taskId))).toMatchObject({ status: 'cancelled' })
  })

  it('runs in the rounds of a loop, and behind a gate', async () => {
    const round = {
      steps: { call: { workflow: 'twice', input: { n: '{% $iteration %}' } } },
      until: '{% $steps.call = 4 %}',
    }
    const looped = await submit({
      name: 'rounds',
      steps: { loop: { repeat: { ...round, maxIterations: 3 } } },
    })
    expect(await api.ended(looped.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(looped.taskId)).toEqual({ loop: { call: 4 } })
    const call = (needs: string[]) => ({ workflow: 'twice', input: { n: needs.length }, needs })
    const steps = { a: call([]), b: say({}), c: say({}, { needs: ['a'] }), d: call(['a', 'b']) }
    const gated = await submit({ name: 'gated-child', steps, output: '{% $steps.d %}' })
    expect(await api.ended(gated.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await resultOf(gated.taskId)).toBe(4)
  })
})
