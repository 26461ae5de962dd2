/** Fan-outs over several steps and over child workflows, and the errors that handlers get, on the whole local cloud. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})

const say = (input: unknown, more: object = {}) => ({ capability: 'echo', input, ...more })
/** A step that fails for a source that is no table. */
const profile = (source: unknown, more: object = {}) => ({
  capability: 'analysis.profile',
  input: { source },
  ...more,
})
const TABLE = 'a,b\n1,2\n2,3\n'
const BROKEN = 'a,b\n"unclosed,1\n'
const stepsOf = async (taskId: string) => (await api.ask('listTaskSteps', { id: taskId })).steps
async function run(workflow: object, input: object = {}) {
  const { taskId } = await api.submitOwn(workflow, input)
  const task = await api.ended(taskId)
  return { taskId, task, result: task.status === 'succeeded' ? await api.resultOf(taskId) : undefined }
}

describe('steps for each item', () => {
  const nested = (more: object = {}) => ({
    name: 'nested',
    steps: {
      pages: {
        forEach: '{% $input.files %}',
        ...more,
        steps: {
          head: say({ name: '{% $item.name %}', at: '{% $index %}' }),
          lines: {
            forEach: '{% $item.lines.{"file": $steps.head.name, "line": $} %}',
            ...more,
            steps: { up: say({ text: '{% $uppercase($item.line) & "@" & $item.file & $string($index) %}' }) },
            output: '{% $steps.up.text %}',
          },
        },
        output: { name: '{% $steps.head.name %}', lines: '{% $steps.lines %}' },
      },
    },
    output: '{% $steps.pages %}',
  })
  const files = [
    { name: 'x', lines: ['a', 'b'] },
    { name: 'y', lines: ['c'] },
    { name: 'z', lines: [] },
  ]

  it.each([
    ['in one execution', { maxItems: 5 }],
    ['in executions of their own', {}],
  ])('are a graph of their own, also in one another: %s (control/O8)', async (_how, more) => {
    const { result, taskId } = await run(nested(more), { files })
    expect(result).toEqual([
      { name: 'x', lines: ['A@x0', 'B@x1'] },
      { name: 'y', lines: ['C@y0'] },
      { name: 'z', lines: [] },
    ])
    const ids = (await stepsOf(taskId)).map(({ stepId }) => stepId)
    expect(ids).toEqual(
      expect.arrayContaining(['pages', 'pages[0]', 'pages[0].lines[1].up', 'pages[2].lines']),
    )
  })

  it('fail only for their item, which is tolerated or not, and a retry runs the failed item again (control/O8)', async () => {
    const workflow = (tolerate: number) => ({
      name: 'tolerant',
      steps: {
        each: {
          forEach: '{% $input.list %}',
          tolerate,
          maxItems: 5,
          steps: {
            look: profile('{% $item %}'),
            then: say({ rows: '{% $steps.look.rows %}', n: '{% $index %}' }),
          },
          output: '{% $steps.then.n %}',
        },
      },
      output: '{% $steps.each %}',
    })
    const list = [TABLE, BROKEN, TABLE]
    const { task, result } = await run(workflow(1), { list })
    expect(result).toEqual([0, null, 2])
    expect((task.degraded as { path: string }[]).map(({ path }) => path)).toContain('each[1]')
    const failed = await run(workflow(0), { list })
    expect(failed.task).toMatchObject({
      status: 'failed',
      error: {
        stepId: 'each',
        message: expect.stringContaining('1 of 3 items failed, the first (each[1]) with:'),
      },
    })
    const mended = { ...workflow(0).steps.each.steps, look: say({ rows: 1 }) }
    const again = {
      name: 'tolerant',
      steps: { each: { ...workflow(0).steps.each, steps: mended } },
      output: '{% $steps.each %}',
    }
    expect((await api.call('POST', `/tasks/${failed.taskId}/retry`, { workflow: again })).status).toBe(202)
    expect(await api.ended(failed.taskId)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(failed.taskId)).toEqual([0, 1, 2])
  })

  it('continue in a fork with the completed items', async () => {
    const steps = { ...nested({ maxItems: 5 }).steps, last: say({ all: '{% $count($steps.pages) %}' }) }
    const { taskId } = await run({ name: 'forked', steps, output: '{% $steps.last.all %}' }, { files })
    const { body } = await api.call('POST', `/tasks/${taskId}/fork`, { redo: ['last'] })
    const fork = String(body.taskId)
    expect(await api.ended(fork)).toMatchObject({ status: 'succeeded' })
    expect(await api.resultOf(fork)).toBe(3)
  })
})

describe('a child for each item', () => {
  beforeAll(async () => {
    const steps = { look: profile('{% $input.source %}'), nap: { wait: { seconds: '{% $input.seconds %}' } } }
    const workflow = { name: 'looker', steps, output: '{% $input.n %}' }
    const { status, body } = await api.call('PUT', '/workflows/looker', { workflow })
    if (status !== 200) throw new Error(JSON.stringify(body))
  })
  const caller = (more: object = {}, seconds = 0) => ({
    name: 'callers',
    steps: {
      each: {
        workflow: 'looker',
        forEach: '{% $input.list %}',
        input: { source: '{% $item %}', n: '{% $index * 10 %}', seconds },
        ...more,
      },
    },
    output: '{% $steps.each %}',
  })

  it.each([{ maxItems: 9, maxConcurrency: 2 }, {}])(
    'is a task of its own, in the order of the items: %j',
    async (more) => {
      const { taskId, result } = await run(caller(more), { list: [TABLE, TABLE, TABLE] })
      expect(result).toEqual([0, 10, 20])
      const children = (await stepsOf(taskId)).flatMap(({ stepId, child }) =>
        child ? [{ stepId, child }] : [],
      )
      expect(children.map(({ stepId }) => stepId).sort()).toEqual(['each[0]', 'each[1]', 'each[2]'])
      const { body } = await api.call('GET', `/tasks/${children[1]?.child}`)
      expect(body).toMatchObject({ status: 'succeeded', parent: { taskId, path: children[1]?.stepId } })
    },
  )

  it('fails only for its item, and is cancelled with its parent', async () => {
    const { result } = await run(caller({ tolerate: '50%' }), { list: [BROKEN, TABLE] })
    expect(result).toEqual([null, 10])
    const { taskId } = await api.submitOwn(caller({ maxItems: 5 }, 300), { list: [TABLE, TABLE] })
    const begun = async () => (await stepsOf(taskId)).flatMap(({ child }) => child ?? [])
    while ((await begun()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50))
    const children = await begun()
    expect((await api.call('POST', `/tasks/${taskId}/cancel`, {})).status).toBe(200)
    for (const child of children) expect(await api.ended(child)).toMatchObject({ status: 'cancelled' })
  })
})

describe('an error in expressions', () => {
  it('is the handled failure in a handler, the replaced failure in `onFailure.output`, and available by step elsewhere', async () => {
    const { result } = await run({
      name: 'errors',
      steps: {
        a: profile(BROKEN, { onFailure: { step: 'tell' } }),
        tell: say({ error: '{% $error %}', status: '{% $status.a %}' }),
        b: profile(BROKEN, { onFailure: { output: { instead: '{% $error.name %}' } } }),
        c: { approval: { prompt: 'Go?', timeoutSeconds: 1 }, onFailure: 'continue' },
        d: say({ c: '{% $errors.c.name %}', b: '{% $exists($errors.b) %}' }, { join: 'settled' }),
      },
      output: {
        tell: '{% $steps.tell %}',
        b: '{% $steps.b %}',
        d: '{% $steps.d %}',
        a: '{% $errors.a.path %}',
      },
    })
    expect(result).toEqual({
      tell: {
        error: {
          name: expect.stringMatching(/Error$/),
          message: expect.stringContaining('step "a" (agent analysis)'),
          stepId: 'a',
          path: 'a',
          attempts: 1,
        },
        status: 'failed',
      },
      b: { instead: expect.stringMatching(/Error$/) },
      d: { c: 'ApprovalTimedOutError', b: false },
      a: 'a',
    })
  })

  it('belongs to its own item or round, and is visible inside a handler', async () => {
    const { result } = await run(
      {
        name: 'errors-inside',
        steps: {
          each: {
            forEach: '{% $input.list %}',
            maxItems: 5,
            steps: {
              look: profile('{% $item %}', { onFailure: { step: 'tell' } }),
              tell: {
                forEach: '{% [1] %}',
                maxItems: 2,
                steps: { one: say({ path: '{% $error.path %}', item: '{% $item %}' }) },
                output: '{% $steps.one %}',
              },
            },
            output: '{% $steps.tell %}',
          },
        },
        output: '{% $steps.each %}',
      },
      { list: [BROKEN, TABLE, BROKEN] },
    )
    expect(result).toEqual([[{ path: 'each[0].look', item: 1 }], null, [{ path: 'each[2].look', item: 1 }]])
  })
})

it.each([2, 1, 0])(
  'a filter that finds %i of three rows is a list to an agent that takes one',
  async (found) => {
    const rows = [1, 2, 3].map((n) => ({ n, paid: n <= found }))
    const steps = { csv: { capability: 'format.csv', input: { rows: '{% $input.rows[paid = true] %}' } } }
    expect((await run({ name: 'paid', steps }, { rows })).task).toMatchObject({ status: 'succeeded' })
  },
)
