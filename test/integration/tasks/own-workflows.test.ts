import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import { beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'

let api: SharedApi
let sfn: SFNClient
beforeAll(async () => {
  api = await sharedApi()
  const credentials = { accessKeyId: 'person', secretAccessKey: 'person' }
  sfn = new SFNClient({ endpoint: api.awsUrl, region: 'us-east-1', credentials })
})

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
const machineOf = ({ execution }: Record<string, unknown>): string =>
  (execution as { stateMachineArn: string }).stateMachineArn.split(':').at(6) ?? ''
const sharedMachines = async (): Promise<string[]> => {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}))
  return stateMachines.map(({ name = '' }) => name).filter((name) => name.startsWith('orchestrator-shared-'))
}

describe('a workflow that is submitted with its task', () => {
  it('runs, gates and all, on a machine that workflows of its shape share', async () => {
    const first = await api.submitOwn(crossed(['a', 'b', 'c', 'd']))
    expect(first.status).toBe(202)
    const task = await api.ended(first.taskId)
    expect(task).toMatchObject({ status: 'succeeded', workflow: { name: 'crossed', version: 1 } })
    expect(await api.call('GET', `/tasks/${first.taskId}/result`)).toMatchObject({
      body: { result: { from: ['w', 'w'], own: 'w' } },
    })
    const machines = await sharedMachines()
    expect(machines).toContain(machineOf(task))

    // The same shape under other names, with another sort order.
    const second = await api.submitOwn(crossed(['z', 'b', 'x', 'd']))
    const other = await api.ended(second.taskId)
    expect(other).toMatchObject({ status: 'succeeded' })
    expect(machineOf(other)).toBe(machineOf(task))
    expect(await sharedMachines()).toEqual(machines)
  })

  it('may be YAML text', async () => {
    const { taskId } = await api.submitOwn('name: yaml\nsteps:\n  say: { capability: echo }\n', {
      text: 'hello',
    })
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded', steps: [{ stepId: 'say' }] })
  })

  it('creates one machine for two concurrent submissions', async () => {
    const before = await sharedMachines()
    // A shape that no other test has.
    const ids = Array.from({ length: 11 }, (_, at) => `s${at}`)
    const steps = Object.fromEntries(ids.map((id, at) => [id, step(ids.slice(Math.max(0, at - 1), at))]))
    const chain = { name: 'chain', steps }
    const both = await Promise.all([api.submitOwn(chain), api.submitOwn(chain), api.submitOwn(chain)])
    for (const { taskId } of both) expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(await sharedMachines()).toHaveLength(before.length + 1)
  })

  it('is refused with every issue, and leaves nothing behind (submit/S3)', async () => {
    const before = await sharedMachines()
    const circle = { name: 'circle', steps: { a: step(['b']), b: step(['a']) } }
    expect(await api.submitOwn(circle)).toMatchObject({
      status: 422,
      body: { issues: [{ code: 'cycle', message: expect.stringContaining('a -> b -> a') }] },
    })
    const nobody = { name: 'nobody', steps: { a: { capability: 'echoo' } } }
    expect(await api.submitOwn(nobody)).toMatchObject({
      status: 422,
      body: { issues: [{ path: 'steps.a.capability' }] },
    })
    expect(await sharedMachines()).toEqual(before)
  })

  it('is refused for wrong names and types, unless the request is lenient', async () => {
    const workflow = {
      name: 'misspelt',
      input: { type: 'object', properties: { text: { type: 'string' } } },
      steps: { a: { capability: 'echo', input: { said: '{% $input.txet %}' } } },
    }
    const body = { workflow, input: { text: 'x' } }
    const wrong = { code: 'unknown-field', path: 'steps.a.input.said' }
    expect(await api.call('POST', '/tasks', body)).toMatchObject({ status: 422, body: { issues: [wrong] } })
    expect(await api.call('POST', '/plans', body)).toMatchObject({ status: 422, body: { issues: [wrong] } })
    expect(await api.call('POST', '/plans', { ...body, lenient: true })).toMatchObject({
      status: 200,
      body: { warnings: [wrong] },
    })
    const accepted = await api.call('POST', '/tasks', { ...body, lenient: true })
    expect(accepted).toMatchObject({ status: 202, body: { warnings: [wrong] } })
    const taskId = String(accepted.body.taskId)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  })

  it('may bind a step late, and handle a failure', async () => {
    const workflow = {
      name: 'careful',
      steps: {
        first: { capability: 'echo', bind: 'late', input: { text: 'late' } },
        // The source is no table, so every agent would fail.
        broken: {
          capability: 'analysis.profile',
          needs: ['first'],
          input: { source: { $file: 'files/none/none.csv' } },
          onFailure: { step: 'repair' },
        },
        repair: { capability: 'echo', input: { status: '{% $status.broken %}' } },
        unused: { capability: 'echo', onFailure: { step: 'never' } },
        never: { capability: 'echo' },
      },
    }
    const { taskId } = await api.submitOwn(workflow)
    const task = await api.ended(taskId)
    expect(task).toMatchObject({ status: 'succeeded', degraded: [{ path: 'broken' }] })
    const told = await api.ask('getTask', { id: taskId })
    const steps = Object.fromEntries(told.steps.map(({ stepId, status }) => [stepId, status]))
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

describe('a workflow that is published at run time', () => {
  const greeting = (version: number, word: string) => ({
    name: 'greeting',
    version,
    taskTypes: ['greet'],
    steps: { say: { capability: 'echo', input: { word } } },
  })
  const put = (workflow: object, name = 'greeting') => api.call('PUT', `/workflows/${name}`, { workflow })

  it('can be used by tasks from then on, each version on its own machine', async () => {
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
    expect(String(second.body.stateMachineArn)).toMatch(/:orchestrator-greeting-v2-[0-9a-z]{13}$/)
  })

  it('is immutable: publishing it again changes nothing, and other content is refused (publish/V1)', async () => {
    expect((await put(greeting(2, 'good day'))).status).toBe(200)
    expect(await put(greeting(2, 'bye'))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('publish this as version 3') },
    })
    expect((await put(greeting(1, 'bye'))).status).toBe(409)
    const both = await Promise.all([put(greeting(3, 'one')), put(greeting(3, 'two'))])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it('is refused for another name, a claimed type, or a cycle of steps', async () => {
    expect((await put(greeting(4, 'hi'), 'other')).status).toBe(400)
    expect(await put({ ...greeting(1, 'hi'), name: 'mine', taskTypes: ['simple'] }, 'mine')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('claimed by workflow "simple"') },
    })
    const circle = { name: 'round', steps: { a: step(['b']), b: step(['a']) } }
    expect((await put(circle, 'round')).status).toBe(422)
  })
})
