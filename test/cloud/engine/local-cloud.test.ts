import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AwsCall } from '../../../local/aws/answer.ts'
import { ROUTES } from '../../../shared/contracts/routes.ts'
import { addHostedAgents, agentText, type Registration } from '../../support/cloud/hosted-agents.ts'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'
import { ASSEMBLY } from '../../support/runner/synthesize-once.ts'

const WORKFLOWS = join(import.meta.dirname, '../../../workflows')

const WEATHER = readFileSync(join(import.meta.dirname, '../../../examples/data/seattle-weather.csv'), 'utf8')
const corpus = [
  {
    source: 'a.md',
    text: '# Retries\n\nA failed call is retried with exponential backoff and full jitter, so that callers do not march in step.',
  },
  {
    source: 'b.md',
    text: '# Queues\n\nA queue absorbs bursts. Consumers retry with backoff when a message cannot be handled at once.',
  },
]

let api: LocalApi
let hosted: Registration[]
const calls: AwsCall[] = []
beforeAll(async () => {
  const assembly = mkdtempSync(join(tmpdir(), 'with-hosted-'))
  cpSync(ASSEMBLY, assembly, { recursive: true })
  const text = agentText('aaa', 'analysis.profile', "Promise.reject(new Error('cannot'))")
  hosted = await addHostedAgents(assembly, [{ id: 'aaa', text }])
  api = await startApi({ assembly, onCall: (call) => void calls.push(call) })
}, 120_000)
afterAll(() => api.stop())

async function resultOf(taskId: unknown): Promise<unknown> {
  const { status, body } = await api.call('GET', `/tasks/${taskId}/result`)
  expect(status).toBe(200)
  return body.result
}

describe('the built-in workflows, from API to result', () => {
  it('simple', async () => {
    const task = await api.run('simple', { message: 'hello' })
    expect(task).toMatchObject({
      status: 'succeeded',
      steps: [{ stepId: 'echo', agentId: 'echo', status: 'succeeded' }],
    })
    expect(await resultOf(task.taskId)).toEqual({ message: 'hello' })
  })

  it('data_report, on an uploaded file', async () => {
    const task = await api.run('data_report', {
      source: await api.upload('weather.csv', WEATHER),
      title: 'Weather',
    })
    expect(task).toMatchObject({ status: 'succeeded', degraded: [] })
    const report = (await resultOf(task.taskId)) as { markdown: string; charts: { svg: string }[] }
    expect(report.markdown).toMatch(/^# Weather\n\n## The data\n\n1,461 rows, 6 columns/)
    expect(report.markdown).toContain('temp_max and temp_min | 0.875687 | strong')
    expect(report.charts).toHaveLength(3)
    expect(report.charts[0]?.svg).toMatch(/^<svg .*<\/svg>$/s)
  })

  it('data_report runs its three analyses side by side', async () => {
    const task = await api.run('data_report', { source: WEATHER })
    const steps = task.steps as { stepId: string; startedAt: string; endedAt: string }[]
    const middle = steps.filter(({ stepId }) => ['trends', 'outliers', 'correlations'].includes(stepId))
    const latestStart = Math.max(...middle.map(({ startedAt }) => Date.parse(startedAt)))
    const firstEnd = Math.min(...middle.map(({ endedAt }) => Date.parse(endedAt)))
    expect(latestStart).toBeLessThanOrEqual(firstEnd)
  })

  it('research', async () => {
    const task = await api.run('research', { query: 'backoff jitter', corpus })
    expect(await resultOf(task.taskId)).toMatchObject({
      documents: 2,
      passages: [{ citation: 1, source: 'a.md', heading: 'Retries' }, { source: 'b.md' }],
    })
  })

  it('research_and_analyze', async () => {
    const task = await api.run('research_and_analyze', { query: 'retry with backoff and pigeons', corpus })
    const { markdown } = (await resultOf(task.taskId)) as { markdown: string }
    expect(markdown).toContain('exponential backoff and full jitter, so that callers do not march in step. [')
    expect(markdown).toContain('Not covered: pigeons.')
  })

  it('analysis', async () => {
    const task = await api.run('analysis', { source: 'day,n\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n' })
    expect(await resultOf(task.taskId)).toMatchObject({
      profile: { rows: 3 },
      trends: { over: 'day', trends: [{ column: 'n', direction: 'rising', slope: 1, r2: 1 }] },
    })
  })

  it('parallel_analysis', async () => {
    const task = await api.run('parallel_analysis', { source: WEATHER })
    expect(Object.keys((await resultOf(task.taskId)) as object).sort()).toEqual([
      'correlations',
      'outliers',
      'profile',
      'trends',
    ])
  })

  it('data_processing', async () => {
    const task = await api.run('data_processing', {
      source: [
        { kind: 'a', n: 1 },
        { kind: 'b', n: 2 },
        { kind: 'a', n: 3 },
      ],
      where: '$row.n > 0',
      groupBy: ['kind'],
      measures: { total: { function: 'sum', column: 'n' } },
    })
    expect(await resultOf(task.taskId)).toEqual({
      rows: [
        { kind: 'a', total: 4 },
        { kind: 'b', total: 2 },
      ],
      csv: 'kind,total\r\na,4\r\nb,2\r\n',
      valid: true,
      notes: [],
    })
  })
})

describe('the way of a task', () => {
  it('starts the execution from the bundle, by its own SDK over HTTP, with its own credentials', async () => {
    calls.length = 0
    await api.run('simple', {})
    const starts = calls.filter(({ action }) => action === 'AWSStepFunctions.StartExecution')
    expect(starts).toHaveLength(1)
    expect(starts[0]?.userAgent).toMatch(/aws-sdk-js\/3/)
    expect(starts[0]?.caller).toMatch(/ApiFunction/)
  })

  it('costs the host at most four DynamoDB operations for each step', async () => {
    await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    calls.length = 0
    await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    const byAgent = calls.filter(
      ({ action, caller = '' }) => action.startsWith('DynamoDB') && caller.includes('Agentanalysis'),
    )
    // Two steps: each takes over, records progress, ends and is counted; the first reads the plan. The step that the second needs
    // ran in the same worker, which has its outcome cached.
    expect(byAgent.map(({ action }) => action.split('.')[1]).sort()).toEqual([
      'GetItem',
      ...new Array<string>(8).fill('UpdateItem'),
    ])
  })

  it('counts for its agents, once for each attempt', async () => {
    const healthOfEcho = async () => {
      const { health } = await api.ask('getAgent', { id: 'echo' })
      return health?.echo
    }
    const before = (await healthOfEcho())?.calls ?? 0
    await api.run('simple', {})
    const { taskId } = await api.submitOwn({
      name: 'mixed',
      steps: {
        well: { capability: 'echo' },
        skipped: { capability: 'echo', when: '{% false %}' },
        wrong: { capability: 'echo', input: { n: '{% $number("x") %}' }, onFailure: 'continue' },
      },
    })
    await api.ended(taskId)
    const after = await healthOfEcho()
    // Neither a skipped step nor an input that fails to evaluate counts against the agent.
    expect(after?.calls).toBe(before + 2)
    expect(after?.successRate).toBeGreaterThan(0)
  })

  it('is visible to any SDK client: machines, execution, history', async () => {
    const client = new SFNClient({
      endpoint: api.awsUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'me', secretAccessKey: 'me' },
    })
    const task = await api.run('simple', {})
    const { name, arn: executionArn, stateMachineArn } = task.execution as Record<string, string>
    const described = await client.send(new DescribeExecutionCommand({ executionArn }))
    // A task runs on the version that was published when it was planned, even if another is deployed meanwhile.
    expect(stateMachineArn).toMatch(/:stateMachine:orchestrator-simple:\d+$/)
    expect(described).toMatchObject({ status: 'SUCCEEDED', name, stateMachineVersionArn: stateMachineArn })
    expect(JSON.parse(described.input ?? '')).toMatchObject({
      taskId: task.taskId,
      functions: { echo: expect.stringMatching(/:function:orchestrator-agent-echo$/) },
    })
    const { events = [] } = await client.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
    )
    expect(events.map(({ type }) => type)).toEqual(['ExecutionSucceeded', 'TaskStateExited'])
    const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}))
    const ofWorkflows = stateMachines.filter(({ name = '' }) => !name.includes('-shared-'))
    expect(ofWorkflows).toHaveLength(readdirSync(WORKFLOWS).length)
    client.destroy()
  })

  it('lists the events in order, each fact once', async () => {
    const task = await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    const { events } = await api.ask('listTaskEvents', { id: String(task.taskId) })
    expect(events.map(({ type, data }) => [type, data.path].filter(Boolean).join(' '))).toEqual([
      'task.submitted',
      'step.started profile',
      'step.succeeded profile',
      'step.started trends',
      'step.succeeded trends',
      'task.succeeded',
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  })

  const hasFailedOver = ({ steps }: Record<string, unknown>): boolean =>
    (steps as { attempts: unknown[] }[]).some(({ attempts }) => attempts.length > 0)

  it('fails over to another agent, and records both', async () => {
    const [aaa] = hosted
    const analysis = await api.ask('getAgent', { id: 'analysis' })
    const capabilities = analysis.capabilities.filter(({ name }) => name === 'analysis.profile')
    const registered = await api.call('POST', '/agents', { ...aaa, capabilities })
    expect(registered.status).toBe(201)
    // An unknown agent is explored now and then (Thompson sampling).
    let task = await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    for (let tries = 0; tries < 100 && !hasFailedOver(task); tries++) {
      expect(task.status).toBe('succeeded')
      task = await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    }
    expect(task).toMatchObject({
      status: 'succeeded',
      steps: [
        {
          stepId: 'profile',
          agentId: 'analysis',
          attempts: [{ agentId: 'aaa', error: { name: 'AgentFailedError' } }],
          decision: {
            chosen: 'analysis',
            candidates: [
              { agentId: 'aaa', eligible: false, reason: expect.stringContaining('failed this step') },
              { agentId: 'analysis', eligible: true },
            ],
          },
        },
        { stepId: 'trends' },
      ],
    })
    expect((await api.call('DELETE', '/agents/aaa')).body).toMatchObject({ status: 'inactive' })
    expect(await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })).toMatchObject({
      steps: [{ decision: { chosen: 'analysis' } }, {}],
    })
  })

  it('ends a task as failed with step, agent and reason', async () => {
    const task = await api.run('analysis', { source: 'a,b\n"unclosed,1\n' })
    expect(task).toMatchObject({
      status: 'failed',
      error: {
        name: 'InvalidInputError',
        stepId: 'profile',
        agentId: 'analysis',
        message: expect.stringMatching(/the inline text is not CSV: Quote Not Closed/),
      },
      steps: [
        { stepId: 'profile', status: 'failed' },
        { stepId: 'trends', status: 'cancelled' },
      ],
    })
    expect(await api.call('GET', `/tasks/${task.taskId}/result`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('failed and has no result') },
    })
  })

  it('reports a file that is too large to read', async () => {
    const source = await api.upload('huge.csv', `a,b\n${'1,2\n'.repeat(5_500_000)}`)
    const task = await api.run('analysis', { source })
    expect(task).toMatchObject({
      status: 'failed',
      error: {
        stepId: 'profile',
        message: expect.stringMatching(/huge\.csv has 22000004 bytes; this reads at most 20971520/),
      },
    })
  })

  it('refuses an upload that is larger than its ticket allows', async () => {
    const { files } = await api.ask('createFiles', { files: [{ path: 'big.bin' }] })
    const [ticket] = files
    const form = new FormData()
    for (const [field, value] of Object.entries(ticket?.upload.fields ?? {})) form.append(field, value)
    form.append('file', new Blob([new Uint8Array(51 * 1024 * 1024)]), 'big.bin')
    const response = await fetch(ticket?.upload.url ?? '', { method: 'POST', body: form })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('EntityTooLarge')
  })
})

type Case = [what: string, method: string, path: string, body: unknown, status: number, detail: RegExp]
const NONE = `t_${'0'.repeat(26)}`

describe('bad requests', () => {
  it.each<Case>([
    ['text that is not JSON', 'POST', '/tasks', '{"type":', 400, /malformed JSON.*Unexpected end/],
    ['a body that is no object', 'POST', '/tasks', [1], 400, /must be a JSON object/],
    ['an unknown task type', 'POST', '/tasks', { type: 'datareport' }, 404, /did you mean "data_report"/],
    ['neither type nor workflow', 'POST', '/tasks', {}, 400, /give one of "type", "workflow" .* and "goal"/],
    ['a field that does not exist', 'POST', '/tasks', { type: 'simple', prioritty: 3 }, 400, /prioritty/],
    [
      'an input that does not fit',
      'POST',
      '/tasks',
      { type: 'research', input: {} },
      400,
      /input\.query: is required/,
    ],
    [
      'a file that is not there',
      'POST',
      '/tasks',
      { type: 'analysis', input: { source: { $file: 'files/f_x/y.csv' } } },
      400,
      /"files\/f_x\/y\.csv" has not been uploaded/,
    ],
    [
      'a corpus that is not there',
      'POST',
      '/tasks',
      { type: 'research', input: { query: 'x' } },
      400,
      /files\/corpus\//,
    ],
    ['an unknown task', 'GET', `/tasks/${NONE}`, undefined, 404, /there is no task/],
    ['a task id that is none', 'GET', '/tasks/nonsense', undefined, 400, /a task id is t_/],
    ['a cancel of an unknown task', 'POST', `/tasks/${NONE}/cancel`, {}, 404, /there is no task/],
    ['an unknown agent', 'GET', '/agents/ecko', undefined, 404, /did you mean "echo"/],
    [
      'an agent of the deployment to be retired',
      'DELETE',
      '/agents/echo',
      undefined,
      409,
      /belongs to the deployment/,
    ],
    ['an unknown workflow', 'GET', '/workflows/nope', undefined, 404, /there is no workflow "nope"/],
    [
      'an unknown query parameter',
      'GET',
      '/tasks?statsu=failed',
      undefined,
      400,
      /"statsu" is not a query parameter here; known: status/,
    ],
    [
      'a query parameter in place of the body',
      'POST',
      '/tasks?type=research',
      { type: 'simple' },
      400,
      /"type" is not a query parameter/,
    ],
    [
      'a key in the body',
      'POST',
      '/tasks',
      { type: 'simple', idempotencyKey: 'x' },
      400,
      /"idempotencyKey" does not belong in the body/,
    ],
    [
      'an abyss',
      'POST',
      '/tasks',
      `{"type":"simple","input":${'['.repeat(3000)}${']'.repeat(3000)}}`,
      400,
      // The call stack is as small as Lambda's: the first code to meet such deep nesting refuses it.
      /nested deeper than 100|call stack size/,
    ],
    ['a limit out of range', 'GET', '/tasks?limit=1000', undefined, 400, /limit/],
    [
      'a path that leaves its folder',
      'POST',
      '/files',
      { files: [{ path: '../x' }] },
      400,
      /relative, with no empty/,
    ],
    [
      'a plan of a broken workflow',
      'POST',
      '/plans',
      { workflow: 'name: x\nsteps: {a: {capability: echo, needs: [b]}}' },
      422,
      /needs "b"/,
    ],
    [
      'a plan that nobody can serve',
      'POST',
      '/plans',
      { workflow: { name: 'x', steps: { a: { capability: 'text.translate' } } } },
      422,
      /no agent offers "text\.translate"/,
    ],
  ])('answers %s with a problem document', async (_what, method, path, body, status, detail) => {
    const answer = await api.call(method, path, body)
    expect(answer).toMatchObject({
      status,
      body: { status, detail: expect.stringMatching(detail), instance: expect.any(String) },
    })
  })

  it('refuses a body that does not say it is JSON', async () => {
    const response = await fetch(`${api.apiUrl}/api/v1/tasks`, {
      method: 'POST',
      body: 'type=simple',
      headers: { 'content-type': 'text/plain' },
    })
    expect(response.status).toBe(415)
  })

  it('refuses a cancel of a task that has ended', async () => {
    const { taskId } = await api.run('simple', {})
    expect(await api.call('POST', `/tasks/${taskId}/cancel`, {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('has ended already (succeeded)') },
    })
  })

  it('answers one Idempotency-Key with one task, and refuses it for another request', async () => {
    const headers = { 'idempotency-key': 'once' }
    const submit = (message: string) =>
      api.call('POST', '/tasks', { type: 'simple', input: { message } }, headers)
    const [first, second] = await Promise.all([submit('a'), submit('a')])
    expect(second.body.taskId).toBe(first.body.taskId)
    await api.ended(String(first.body.taskId))
    expect(await submit('b')).toMatchObject({ status: 409 })
  })

  it('does not answer a page that reaches it by another host name', async () => {
    const { request } = await import('node:http')
    const { port } = new URL(api.apiUrl)
    const status = await new Promise((resolve) => {
      request(
        { host: '127.0.0.1', port, path: '/api/v1/health', headers: { host: 'evil.example' } },
        (answer) => resolve(answer.statusCode),
      ).end()
    })
    expect(status).toBe(403)
  })
})

describe('the rest of the API', () => {
  it('plans without running', async () => {
    const { body } = await api.call('POST', '/plans', { type: 'data_report' })
    expect(body).toMatchObject({
      workflow: { name: 'data_report' },
      criticalPath: ['profile', 'correlations', 'report'],
      bindings: { profile: { agentId: 'analysis' } },
      gates: [],
      counts: { steps: 5, transitions: 7 },
    })
  })

  it('lists tasks and counts their steps', async () => {
    const { taskId } = await api.run('analysis', { source: 'a,b\n1,2\n2,3\n' })
    expect((await api.call('GET', `/tasks/${taskId}/status`)).body).toEqual({
      taskId,
      status: 'succeeded',
      steps: { succeeded: 2 },
    })
    const { tasks, cursor } = await api.ask('listTasks', { limit: 2, status: 'succeeded' })
    expect(tasks[0]?.taskId).toBe(taskId)
    expect(cursor).toEqual(expect.any(String))
  })

  it('describes itself', async () => {
    const { body } = await api.call('GET', '/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.paths ?? {})).toHaveLength(
      new Set(Object.values(ROUTES).map(({ path }) => path)).size,
    )
    expect((await api.call('GET', '/health')).body).toMatchObject({
      status: 'ok',
      workflows: readdirSync(WORKFLOWS).length,
    })
  })
})
