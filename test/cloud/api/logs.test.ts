import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApi, startApi } from '../../support/cloud/local-api.ts'

/** A unique text that JSON does not escape. */
const SECRET = 'correct-horse-battery-staple'

let api: LocalApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

type Line = Record<string, unknown>
const lines = (): Line[] =>
  api.logs
    .join('')
    .split('\n')
    .flatMap((text) => {
      const at = text.indexOf('{')
      try {
        return at === -1 ? [] : [JSON.parse(text.slice(at)) as Line]
      } catch {
        return []
      }
    })
const ofTask = (taskId: string, message: string) =>
  lines().filter((line) => line.taskId === taskId && line.message === message)

describe('the logs', () => {
  it('hold no payload: not of inputs, outputs, files, metadata, expressions, approvals or events', async () => {
    const file = await api.upload('secret.csv', `day,${SECRET}\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n`)
    const everywhere = {
      name: 'everywhere',
      steps: {
        quiet: { capability: 'echo', input: { said: `{% $input.secret & "${SECRET}" %}` } },
        looked: { capability: 'analysis.profile', input: { source: '{% $input.file %}' } },
        told: { emit: { type: 'secret', data: { it: '{% $steps.quiet.said %}' } } },
        each: {
          capability: 'echo',
          forEach: '{% [$input.secret, $input.secret] %}',
          input: { it: '{% $item %}' },
        },
        asked: {
          approval: { prompt: `{% "is it " & $input.secret %}`, timeoutSeconds: 60 },
          needs: ['each'],
        },
        child: { workflow: 'simple', input: { it: '{% $input.secret %}' } },
      },
    }
    const { status, body } = await api.call(
      'POST',
      '/tasks',
      { workflow: everywhere, input: { secret: SECRET, file }, metadata: { secret: SECRET } },
      { 'idempotency-key': SECRET },
    )
    expect(status).toBe(202)
    const taskId = String(body.taskId)
    await expect
      .poll(
        async () => {
          const answer = { decision: 'approve', comment: SECRET, by: SECRET }
          return (await api.call('POST', `/tasks/${taskId}/approvals/asked`, answer)).status
        },
        { timeout: 10_000 },
      )
      .toBe(200)
    expect(await api.ended(taskId)).toMatchObject({ status: 'succeeded' })
    expect(JSON.stringify(await api.resultOf(taskId))).toContain(SECRET)
    expect(api.logs.join('')).not.toContain(SECRET)
  })

  it('hold no payload of failures either', async () => {
    const failing = [
      { capability: 'analysis.profile', input: { source: `{% [1, "${SECRET}"] %}` } },
      { capability: 'echo', input: { it: `{% $number("${SECRET}") %}` } },
      { capability: 'synthesis.report', input: `{% {"nonsense": ["${SECRET}"]} %}` },
    ]
    const refused = [
      { capability: 'analysis.profile', input: { source: { secret: SECRET } } },
      { capability: 'synthesis.report', input: { nonsense: [SECRET] } },
    ]
    for (const step of failing) {
      const { taskId } = await api.submitOwn({ name: 'failing', steps: { a: step } }, {}, { lenient: true })
      expect([step, await api.ended(taskId)]).toMatchObject([{}, { status: 'failed' }])
    }
    for (const step of refused) {
      const { status } = await api.submitOwn({ name: 'failing', steps: { a: step } })
      expect(status).toBe(422)
    }
    await api.call('POST', '/tasks', { type: 'simple', input: SECRET, nonsense: SECRET })
    await api.call('POST', '/tasks', `{"type": "${SECRET}`)
    await api.call('POST', '/plans', { workflow: { name: SECRET, steps: { a: { capability: SECRET } } } })
    expect(api.logs.join('')).not.toContain(SECRET)
  })

  it('name task, step, attempt and execution in every line', async () => {
    const task = await api.run('simple', { message: 'hello' })
    const { arn } = task.execution as { arn: string }
    const taskId = String(task.taskId)
    await expect.poll(() => ofTask(taskId, 'execution ended'), { timeout: 10_000 }).toHaveLength(1)
    expect(ofTask(taskId, 'execution ended')).toMatchObject([{ executionArn: arn, status: 'SUCCEEDED' }])
    const [step] = Object.keys((task.workflow as { steps?: object }).steps ?? { answer: 1 })
    expect(step).toBeDefined()
    expect(ofTask(taskId, 'step ended')).toMatchObject([
      {
        level: 'INFO',
        service: 'agent-echo',
        stepId: expect.any(String),
        attempt: 1,
        executionArn: arn,
        agentId: 'echo',
      },
    ])
  })

  it('name them in every line of a task with a failure, a fan-out and a wait', async () => {
    const { taskId } = await api.submitOwn(
      {
        name: 'much',
        steps: {
          each: { capability: 'echo', forEach: '{% [1, 2] %}' },
          rest: { needs: ['each'], wait: { seconds: 0 } },
          broken: {
            capability: 'echo',
            needs: ['rest'],
            input: { n: '{% $number("x") %}' },
            onFailure: 'continue',
          },
        },
      },
      {},
    )
    const task = await api.ended(taskId)
    const { arn } = task.execution as { arn: string }
    const of = () => lines().filter((line) => line.taskId === taskId)
    await expect
      .poll(() => of().map(({ message }) => message), { timeout: 10_000 })
      .toEqual(
        expect.arrayContaining([
          'request done',
          'step ended',
          'attempt failed',
          'step rebound',
          'execution ended',
        ]),
      )
    for (const line of of()) {
      if (line.message === 'request done') continue
      expect(line).toMatchObject({ executionArn: arn })
      if (line.message !== 'execution ended') expect(line).toMatchObject({ stepId: expect.any(String) })
      if (['step ended', 'attempt failed', 'step rebound'].includes(String(line.message)))
        expect(line).toMatchObject({ attempt: expect.any(Number) })
    }
    const [failovers] = lines()
      .flatMap(metricsIn)
      .filter(([, name]) => name === 'Failovers')
    expect(failovers).toBeUndefined()
  })

  it('carry metrics, each with the dimensions that dashboard and alarms read', async () => {
    await api.run('simple', {})
    const { taskId } = await api.submitOwn({
      name: 'failing',
      steps: { a: { capability: 'echo', input: { n: '{% $number("x") %}' } } },
    })
    await api.ended(taskId)
    const metrics = () => lines().flatMap(metricsIn)
    const expected = [
      ['Tasks', { outcome: 'succeeded' }],
      ['Tasks', { outcome: 'failed' }],
      ['TaskDuration', { outcome: 'succeeded' }],
      ['Attempts', { agentId: 'echo', outcome: 'succeeded' }],
      ['Attempts', { agentId: 'echo', outcome: 'failed' }],
      ['StepDuration', { agentId: 'echo', capability: 'echo' }],
    ].map(([name, dimensions]) => [
      'orchestrator',
      name,
      { service: 'orchestrator', ...(dimensions as object) },
    ])
    await expect.poll(metrics, { timeout: 10_000 }).toEqual(expect.arrayContaining(expected))
  })
})

describe('the logs of a task, by the API', () => {
  const failing = { a: { capability: 'echo', input: { n: '{% $number("x") %}' }, onFailure: 'continue' } }

  it('are what was logged about it, in order, with step, agent and attempt, without metrics', async () => {
    const { taskId } = await api.submitOwn({
      name: 'logged',
      steps: { ...failing, each: { capability: 'echo', forEach: '{% [1, 2] %}' } },
    })
    await api.ended(taskId)
    const { logs, cursor } = await api.ask('listTaskLogs', { id: taskId })
    expect(cursor).toBeUndefined()
    expect(logs.map(({ time }) => time)).toEqual(logs.map(({ time }) => time).toSorted())
    expect(new Set(logs.map(({ id }) => id)).size).toBe(logs.length)
    expect(JSON.stringify(logs)).not.toContain('_aws')
    expect(logs).toContainEqual(
      expect.objectContaining({
        stepId: 'a',
        agentId: 'echo',
        attempt: 1,
        level: 'WARN',
        functionName: 'orchestrator-agent-echo',
        message: 'attempt failed',
        facts: expect.objectContaining({
          errorName: 'InvalidInputError',
          see: `npx orchestrator explain ${taskId} a`,
        }),
      }),
    )
    const each = await api.ask('listTaskLogs', { id: taskId, step: 'each' })
    expect(new Set(each.logs.map(({ stepId }) => stepId))).toEqual(new Set(['each[0]', 'each[1]']))
  })

  it('come in pages, and go on from the last line', async () => {
    const task = await api.run('simple', {})
    const id = String(task.taskId)
    const all = await api.ask('listTaskLogs', { id })
    expect(all.logs.length).toBeGreaterThan(0)
    const paged = []
    for (let after: string | undefined; ; ) {
      const page = await api.ask('listTaskLogs', { id, limit: 1, after })
      if (page.logs.length === 0) {
        expect(page.after).toBe(after)
        break
      }
      paged.push(...page.logs)
      after = page.after
    }
    expect(paged).toEqual(all.logs)
  })

  it.each([
    ['/logs?limit=0', 400],
    ['/logs?limit=1001', 400],
    ['/logs?after=x', 400],
    ['/logs?since=yesterday', 400],
  ])('refuse %s', async (path, status) => {
    const task = await api.run('simple', {})
    expect((await api.call('GET', `/tasks/${String(task.taskId)}${path}`)).status).toBe(status)
  })

  it('of an unknown task are not found', async () => {
    expect((await api.call('GET', `/tasks/t_${'0'.repeat(26)}/logs`)).status).toBe(404)
  })
})

type Embedded = {
  CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[]
}

/** Namespace, name and dimensions of the metrics that CloudWatch finds in a line. */
function metricsIn(line: Line): [namespace: string, name: string, dimensions: object][] {
  const embedded = line._aws as Embedded | undefined
  return (embedded?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) => {
    const dimensions = Object.fromEntries((Dimensions[0] ?? []).map((name) => [name, line[name]]))
    return Metrics.map(({ Name }): [string, string, object] => [Namespace, Name, dimensions])
  })
}
