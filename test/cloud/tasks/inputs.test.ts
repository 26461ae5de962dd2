/** What went into tasks and steps, as the API shows it, on the whole local cloud. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

let api: LocalApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

const say = (input: unknown, more: object = {}) => ({ capability: 'echo', input, ...more })
const inputOf = async (id: string, stepId: string) =>
  (await api.ask('getTaskStepInput', { id, stepId })).input
const inputsOf = async (id: string) => {
  const { steps } = await api.ask('listTaskSteps', { id, inputs: true })
  return Object.fromEntries(steps.map(({ stepId, input }) => [stepId, input]))
}
const ran = async (workflow: object, input: object = {}, status = 'succeeded') => {
  const { taskId } = await api.submitOwn(workflow, input)
  expect(await api.ended(taskId)).toMatchObject({ status })
  return taskId
}

describe('what went into a task', () => {
  const input = {
    type: 'object',
    properties: { word: { type: 'string' }, times: { type: 'number', default: 3 } },
  }

  it('is its input with the defaults, and the definition that it runs', async () => {
    const workflow = { name: 'own', input, steps: { a: say({ w: '{% $input.word %}' }) } }
    const id = await ran(workflow, { word: 'hi' })
    expect(await api.ask('getTaskInput', { id })).toEqual({ taskId: id, input: { word: 'hi', times: 3 } })
    expect(await api.ask('getTaskWorkflow', { id })).toMatchObject({
      taskId: id,
      name: 'own',
      definition: workflow,
    })
    expect((await api.ask('getTask', { id })).links).toMatchObject({
      input: `/api/v1/tasks/${id}/input`,
      workflow: `/api/v1/tasks/${id}/workflow`,
    })
  })

  it('is of a step that calls a workflow what its task was given (inputs/I1)', async () => {
    const child = { name: 'called', input, steps: { b: say({ t: '{% $input.times %}' }) } }
    expect(await api.call('PUT', '/workflows/called', { workflow: child })).toMatchObject({ status: 200 })
    const id = await ran({
      name: 'calls',
      steps: {
        one: { workflow: 'called', input: { word: 'w' } },
        all: { forEach: '{% [{"word": "x"}, {"word": "y"}] %}', workflow: 'called' },
      },
    })
    const { steps } = await api.ask('listTaskSteps', { id, inputs: true })
    const children = steps.filter(({ child: task }) => task !== undefined)
    expect(Object.fromEntries(children.map(({ stepId, input: given }) => [stepId, given]))).toEqual({
      one: { word: 'w', times: 3 },
      'all[0]': { word: 'x', times: 3 },
      'all[1]': { word: 'y', times: 3 },
    })
    for (const { child: task = '', input: given } of children)
      expect((await api.ask('getTaskInput', { id: task })).input).toEqual(given)
    expect(await inputOf(id, 'all')).toEqual([{ word: 'x' }, { word: 'y' }])
  })

  it('is whole where it is large, and a list without `inputs` has none (inputs/I2)', async () => {
    const text = 'long '.repeat(120_000)
    const id = await ran(
      { name: 'large', steps: { a: say({ t: '{% $input.text %}' }), b: say({ t: '{% $steps.a.t %}' }) } },
      { text },
    )
    expect(await inputsOf(id)).toEqual({ a: { t: text }, b: { t: text } })
    const { steps } = await api.ask('listTaskSteps', { id })
    expect(steps.filter((step) => 'input' in step)).toEqual([])
    expect((await api.ask('getTask', { id })).steps.filter((step) => 'input' in step)).toEqual([])
  })

  it('is paged with its steps', async () => {
    const items = Array.from({ length: 25 }, (_, n) => ({ n }))
    const id = await ran(
      { name: 'paged', steps: { each: say('{% $item %}', { forEach: '{% $input.items %}' }) } },
      { items },
    )
    const first = await api.ask('listTaskSteps', { id, under: 'each', inputs: true, limit: 10 })
    expect(first.steps.map(({ input: given }) => given)).toEqual(items.slice(0, 10))
    const next = await api.ask('listTaskSteps', {
      ...{ id, under: 'each', inputs: true, limit: 20 },
      cursor: first.cursor,
    })
    expect(next.steps.map(({ input: given }) => given)).toEqual(items.slice(10))
  })

  it('is refused by name where there is none', async () => {
    const id = await ran({
      name: 'none',
      steps: { again: { repeat: { steps: { a: say(1) }, until: '{% true %}', maxIterations: 1 } } },
    })
    await expect(inputOf(id, 'again')).rejects.toThrow('no input of step "again" is kept')
    await expect(inputOf(id, 'agein')).rejects.toThrow(/has no step "agein".*again/)
    expect(await inputOf(id, 'again[1].a')).toBe(1)
  })
})

describe('what went into a task that goes on', () => {
  const breaks = { capability: 'analysis.profile', input: { source: 'a,b\n"unclosed,1\n' } }
  const mended = { source: 'a,b\n1,2\n' }
  const workflow = { name: 'goes', steps: { a: say({ n: 1 }), b: { ...breaks, needs: ['a'] } } }

  it('is after a retry what its steps were given by it', async () => {
    const id = await ran(workflow, {}, 'failed')
    expect(await inputsOf(id)).toEqual({ a: { n: 1 }, b: breaks.input })
    await api.ask('retryTask', { id, steps: { b: { input: mended } } })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded' })
    expect(await inputsOf(id)).toEqual({ a: { n: 1 }, b: mended })
  })

  it('is of a fork its own, and of the steps that it has taken over theirs', async () => {
    const source = await ran(workflow, {}, 'failed')
    const { taskId } = await api.ask('forkTask', { id: source, steps: { b: { input: mended } } })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await inputsOf(taskId)).toEqual({ a: { n: 1 }, b: mended })
    expect(await inputsOf(source)).toEqual({ a: { n: 1 }, b: breaks.input })
  })
})

describe('the command line', () => {
  const cli = (...args: string[]) => runCli(args, { ORCHESTRATOR_URL: api.apiUrl })
  const workflow = (text: string) => ({
    name: 'shown',
    steps: { a: say({ text }), b: say({ got: '{% $steps.a.text %}' }), c: say('same') },
    output: '{% $steps.b.got %}',
  })

  it('shows a task and a step: what went in, who has run it, what came out', async () => {
    const id = await ran(workflow('hello'), { word: 'hi' })
    const { code, stdout } = await cli('show', id)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^shown@\d+ {2}t_\w+ {2}succeeded/)
    expect(stdout).toContain('\ninput\n  {\n    "word": "hi"\n  }\n')
    expect(stdout).toMatch(/\nstep +status +agent +failed +time +cost\na +succeeded +echo@\d/)
    expect(stdout).toContain('\nresult\n  "hello"\n')
    const step = (await cli('show', id, 'b')).stdout
    expect(step).toMatch(/^b {2}succeeded in .*\necho by echo@\d+\.\d+\.\d+\nafter a\n/)
    expect(step).toContain('\ninput\n  {\n    "got": "hello"\n  }\n')
    expect(step).toContain('\noutput\n  {\n    "got": "hello"\n  }\n')
    expect(JSON.parse((await cli('show', id, '--json')).stdout)).toMatchObject({
      ...{ taskId: id, input: { word: 'hi' }, definition: workflow('hello'), result: 'hello' },
      steps: [{ stepId: 'a' }, { stepId: 'c' }, { stepId: 'b' }],
    })
    expect(JSON.parse((await cli('show', id, '--definition')).stdout)).toMatchObject(workflow('hello'))
    expect(await cli('show', id, 'd')).toMatchObject({ code: 2 })
    expect(await cli('show', id, 'a', '--definition')).toMatchObject({ code: 2 })
  })

  it('compares two tasks, and exits with 1 where they differ', async () => {
    const one = await ran(workflow('hello'))
    const same = await ran(workflow('hello'))
    expect(await cli('diff', one, same)).toMatchObject({ code: 0, stdout: 'no differences\n' })
    const other = await ran(workflow('goodbye'), { word: 'hi' })
    const { code, stdout } = await cli('diff', one, other)
    expect(code).toBe(1)
    expect(stdout).toContain('-        "text": "hello"')
    expect(stdout).toContain('+  "word": "hi"')
    expect(stdout).toMatch(
      /step a {2}.*\n {2}input:\n.*\n {3}\{\n {2}- {2}"text": "hello"\n {2}\+ {2}"text": "goodbye"/,
    )
    expect(stdout).not.toContain('step c')
    const json = await cli('diff', one, other, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ a: one, b: other, equal: false })
    expect(JSON.parse(json.stdout).differences).toContainEqual({
      ...{ stepId: 'b', field: 'output', a: { got: 'hello' }, b: { got: 'goodbye' } },
    })
    const missing = `t_${'0'.repeat(26)}`
    expect(await cli('diff', one, missing)).toMatchObject({ code: 2 })
  })
})
