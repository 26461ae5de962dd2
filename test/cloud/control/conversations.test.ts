import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeAltered } from '../../support/cloud/altered-assembly.ts'
import { conversingAssembly } from '../../support/cloud/conversing-assembly.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const MODEL = 'amazon.nova-lite-v1:0'
/** The answers of the model, turn by turn. */
const rules = [
  {
    contains: 'Look after the wombats',
    answers: [
      {
        calls: [
          { name: 'echo', input: { counted: 'five wombats' } },
          { name: 'data_transform', input: { source: [{ a: 1 }], where: '$row.a >' } },
        ],
      },
      { calls: [{ name: 'format_json', input: { value: { wombats: 5 } } }] },
      { text: 'There are five.' },
    ],
  },
]

let api: LocalApi
beforeAll(async () => {
  api = await startApi({ assembly: await conversingAssembly(MODEL), models: { script: { rules } } })
}, 60_000)
afterAll(async () => {
  await api?.stop()
  removeAltered()
})

it('is led by a model through agents side by side, a failure, and a person, to an answer', async () => {
  const workflow = {
    name: 'wombats',
    steps: {
      ask: {
        converse: {
          input: 'Look after the wombats',
          capabilities: ['echo', 'data.transform', 'format.json'],
          approve: ['format.json'],
        },
      },
    },
    output: '{% $steps.ask %}',
  }
  const { status, taskId, body } = await api.submitOwn(workflow, {})
  expect({ status, body }).toMatchObject({ status: 202 })
  const approval = 'ask[2].calls[0].approval'
  const waiting = async () => (await api.call('GET', `/tasks/${taskId}/steps/${approval}`)).body
  await expect.poll(async () => (await waiting()).status, { timeout: 30_000 }).toBe('waiting')
  const asked = await waiting()
  expect(JSON.stringify(asked.approval)).toContain('format.json with this input')
  await api.call('POST', `/tasks/${taskId}/approvals/${approval}`, { decision: 'approve', by: 'ada' })
  expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
  expect(await api.resultOf(taskId)).toEqual({
    text: 'There are five.',
    turns: 3,
    calls: [
      { turn: 1, capability: 'echo', status: 'succeeded' },
      { turn: 1, capability: 'data.transform', status: 'failed' },
      { turn: 2, capability: 'format.json', status: 'succeeded' },
    ],
  })
  const { body: failed } = await api.call('GET', `/tasks/${taskId}/steps/ask[1].calls[1].call`)
  expect(failed).toMatchObject({
    status: 'failed',
    capability: 'data.transform',
    oneOf: ['echo', 'data.transform', 'format.json'],
    agentId: 'data',
  })
  const { body: whole } = await api.call('GET', `/tasks/${taskId}/steps/ask`)
  expect(whole.tokens).toBeGreaterThan(0)
  for (const command of ['show', 'explain']) {
    const env = { ORCHESTRATOR_URL: api.apiUrl, COLUMNS: '80' }
    const { stdout } = await runCli([command, taskId, 'ask'], env)
    if (process.env.SHOW_CLI) console.info(stdout)
    expect(stdout).toContain('turns: 3; calls: 3, 1 failed')
    expect(stdout).toMatch(/^ {2}echo +echo +succeeded .*\n {4}\{"counted":"five wombats"\}$/m)
    expect(stdout).toMatch(/^ {2}data\.transform +data +failed .*\n {4}\{"source"/m)
  }
  // The turns are kept as they were asked and answered, like those of every agent with a model.
  const { status: kept } = await api.call('GET', `/tasks/${taskId}/steps/ask[2].turn/transcript`)
  expect(kept).toBe(200)
})
