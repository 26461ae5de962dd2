import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'vitest'
import { ended, resultOf, submit } from './door.ts'
import type { Scenario } from './scenario.ts'

const WEATHER = readFileSync(join(import.meta.dirname, '../../examples/data/seattle-weather.csv'), 'utf8')
const DAYS = 'day,n\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n'
const CORPUS = [
  { source: 'a.md', text: '# Retries\n\nRetry with exponential backoff and full jitter.' },
  { source: 'b.md', text: '# Queues\n\nA queue takes bursts.' },
]
const ROWS = [
  { kind: 'a', n: 1 },
  { kind: 'b', n: 2 },
  { kind: 'a', n: 3 },
]

type OfWorkflow = Scenario & { workflow: string }

/** Every built-in workflow from API to result, or to what it tells where it needs a model. */
export const BUILT_IN: OfWorkflow[] = [
  answers('simple', { message: 'hello' }, { message: 'hello' }),
  answers('analysis', { source: DAYS }, { profile: { rows: 3 } }),
  answers('parallel_analysis', { source: WEATHER }, { profile: { rows: 1461 } }),
  answers(
    'data_report',
    { source: WEATHER, title: 'Weather' },
    { markdown: expect.stringMatching(/^# Weather/) },
  ),
  answers(
    'data_processing',
    {
      source: ROWS,
      where: '$row.n > 0',
      groupBy: ['kind'],
      measures: { total: { function: 'sum', column: 'n' } },
    },
    { valid: true },
  ),
  answers(
    'board',
    { questions: ['backoff jitter', 'queues', 'pigeons'], corpus: CORPUS },
    { searched: 3, findings: expect.any(Array) },
  ),
  answers('research', { query: 'backoff jitter', corpus: CORPUS }, { documents: 2 }),
  answers(
    'research_and_analyze',
    { query: 'retry with backoff and pigeons', corpus: CORPUS },
    { markdown: expect.stringContaining('Not covered: pigeons.') },
  ),
  answers(
    'negotiate',
    { item: 'a boat', buyer: { opening: 50, limit: 120 }, seller: { opening: 150, limit: 90 } },
    { agreed: true, price: expect.any(Number), by: expect.stringMatching(/^agent:(buyer|seller)$/) },
  ),
  {
    workflow: 'incident',
    name: 'follows an incident by signals from outside, until one says that it is resolved',
    async run(door) {
      const taskId = await submit(door, { type: 'incident', input: { title: 'Disk full' } })
      const tell = (body: object) =>
        door.ask('postMessage', { id: taskId, topic: 'incident.update', body: body as never })
      await tell({ status: 'open', severity: 1, note: 'customers notice' })
      await tell({ status: 'resolved', note: 'more disk' })
      await ended(door, taskId)
      expect(await resultOf(door, taskId)).toMatchObject({
        status: 'resolved',
        severity: 1,
        note: 'more disk',
      })
    },
  },
  {
    workflow: 'long_job',
    name: 'asks no host for a long job that the stage does not name, and tells the setting to make',
    failsSlowlyOnEmulator: true,
    async run(door) {
      const taskId = await submit(door, { type: 'long_job', input: { url: 'https://jobs.example/start' } })
      const error = { agentId: 'http', message: expect.stringContaining('allowedHosts') }
      expect(await ended(door, taskId)).toMatchObject({ status: 'failed', error })
    },
  },
  needsModel('code_task', { task: 'Add two numbers.' }, 'code.generate'),
  needsModel('debate', { question: 'Are queues better than retries?' }, 'text.write'),
  {
    workflow: 'triage',
    name: 'triages by words and rules without a model, and sends nothing that a person rejects',
    withoutModel: true,
    async run(door) {
      const routes = [
        { name: 'care', to: 'care@example.com', when: '$value.label = "complaint"' },
        { name: 'sales', to: 'sales@example.com', when: '$value.label = "order"' },
      ]
      const taskId = await submit(door, {
        type: 'triage',
        input: { text: 'My order of May, please', routes },
      })
      const rejection = { decision: 'reject', by: 'ada' }
      const answer = () => door.call('POST', `/tasks/${taskId}/approvals/approve`, rejection)
      await expect.poll(async () => (await answer()).status, { timeout: 30_000, interval: 500 }).toBe(200)
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toEqual({ label: 'order', route: 'sales', decision: 'reject' })
    },
  },
  {
    workflow: 'plan_goal',
    name: 'plans a goal by the one workflow that it clearly means, without a model',
    withoutModel: true,
    async run(door) {
      const goal = 'Profile a table and find what moves over time'
      const input = { source: DAYS }
      const taskId = await submit(door, { type: 'plan_goal', input: { goal, input } })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      const planned = { kind: 'planned', plannedBy: 'template', workflow: 'analysis@1', input }
      expect(await resultOf(door, taskId)).toMatchObject(planned)
    },
  },
  {
    workflow: 'goal',
    name: 'runs a goal by the one workflow that it clearly means, without a model',
    withoutModel: true,
    async run(door) {
      // Published at run time: MiniStack does not find versions here (docs/explanation/emulator.md).
      const workflow = {
        name: 'pelican_roost',
        description: 'Surveys the pelican roost of a lagoon.',
        input: { type: 'object', required: ['lagoon'], properties: { lagoon: { type: 'string' } } },
        steps: { survey: { capability: 'echo', input: { of: '{% $input.lagoon %}' } } },
        output: '{% $steps.survey.of %}',
      }
      expect((await door.call('PUT', '/workflows/pelican_roost', { workflow })).status).toBe(200)
      const goal = 'Survey the pelican roost of the lagoon'
      let taskId = ''
      const status = async () => {
        taskId = await submit(door, { goal, input: { lagoon: 'Coorong' } })
        return (await ended(door, taskId, 150)).status
      }
      // The planner may see for a second what was published before.
      await expect.poll(status, { timeout: 150_000, interval: 1_000 }).toBe('succeeded')
      expect(await resultOf(door, taskId)).toBe('Coorong')
    },
  },
]

for (const file of readdirSync(join(import.meta.dirname, '../../workflows'))) {
  const name = basename(file, '.yaml')
  if (!BUILT_IN.some(({ workflow }) => workflow === name))
    throw new Error(`no scenario runs workflows/${file}`)
}

function answers(type: string, input: object, result: object): OfWorkflow {
  return {
    workflow: type,
    name: `runs the built-in workflow ${type} from API to result`,
    async run(door) {
      const taskId = await submit(door, { type, input })
      expect(await ended(door, taskId)).toMatchObject({ status: 'succeeded' })
      expect(await resultOf(door, taskId)).toMatchObject(result)
    },
  }
}

function needsModel(type: string, input: object, capability: string): OfWorkflow {
  return {
    workflow: type,
    name: `fails the built-in workflow ${type} without a model, and tells the setting to make`,
    withoutModel: true,
    failsSlowlyOnEmulator: true,
    async run(door) {
      const taskId = await submit(door, { type, input })
      const message = expect.stringMatching(`: ${capability} needs .*: set models\\.default in the stage`)
      const error = { name: 'ConfigError', agentId: 'language', message }
      expect(await ended(door, taskId, 150)).toMatchObject({ status: 'failed', error })
    },
  }
}
