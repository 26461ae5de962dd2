import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { describe, expect, it } from 'vitest'
import { cloudwatchLogs, patternOf } from '../../../functions/adapters/cloudwatch/logs.ts'
import { LogsService } from '../../../local/logs/service.ts'
import type { LogQuery } from '../../../shared/ports/logs.ts'

const TASK = `t_${'0'.repeat(26)}`
const OTHER = `t_${'1'.repeat(26)}`
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()

/** The adapter over the local cloud's service, which is asked as CloudWatch is; `limit` of the service's pages. */
function logsOver(
  written: Record<string, object[]>,
  { pageSize = 1_000, now = (): number => 0, denied = '' } = {},
) {
  const service = new LogsService()
  for (const [name, lines] of Object.entries(written))
    for (const line of lines) service.note(name, `${JSON.stringify(line)}\n`)
  const client = new CloudWatchLogsClient({ region: 'us-east-1' })
  const asked: string[] = []
  client.send = async ({ input }: { input: Parameters<LogsService['filter']>[0] }) => {
    asked.push(String(input.logGroupName))
    if (denied !== '' && input.logGroupName?.endsWith(denied))
      throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' })
    return service.filter({ ...input, limit: Math.min(input.limit ?? pageSize, pageSize) })
  }
  const logs = cloudwatchLogs({ client, ownFunctions: ['o-rebind'], now })
  const list = (query: Partial<LogQuery> = {}) =>
    logs.listLines({
      taskId: TASK,
      functionNames: ['o-agent-a', 'o-agent-b'],
      from: 0,
      to: Date.UTC(2027, 0, 1),
      limit: 100,
      ...query,
    })
  const messages = async (query?: Partial<LogQuery>) =>
    (await list(query)).lines.map(({ text }) => (JSON.parse(text) as { message: string }).message)
  return { list, messages, asked }
}

const line = (second: number, message: string, more: object = {}) => ({
  timestamp: at(second),
  message,
  taskId: TASK,
  ...more,
})

describe('the lines of a task', () => {
  it('are those that name it, whichever function has written them (logs/G1)', async () => {
    const { messages } = logsOver({
      'o-agent-a': [
        line(1, 'one'),
        { timestamp: at(2), message: `only tells of ${TASK}` },
        line(2, 'of another', { taskId: OTHER, parent: TASK }),
        { _aws: {}, Tasks: 1 },
      ],
      'o-rebind': [line(3, 'rebound')],
      'o-agent-c': [line(4, 'of an agent that is not asked for')],
    })
    expect(await messages()).toEqual(['one', 'rebound'])
  })

  it('of a step are also those of its items and rounds, and no others', async () => {
    const { messages } = logsOver({
      'o-agent-a': ['each', 'each[3]', 'each[3].draft', 'each2', 'teach', 'EACH'].map((stepId, index) =>
        line(index, stepId, { stepId }),
      ),
    })
    expect(await messages({ step: 'each' })).toEqual(['each', 'each[3]', 'each[3].draft'])
    expect(await messages({ step: 'each[3]' })).toEqual(['each[3]', 'each[3].draft'])
    expect(await messages({ step: 'each[3].draft' })).toEqual(['each[3].draft'])
    expect(await messages({ step: '") || ($.taskId = "*' })).toEqual([])
  })

  it('come in order of time, in pages without gap or repetition, whatever the pages of the service (logs/G2)', async () => {
    const written = {
      'o-agent-a': Array.from({ length: 20 }, (_, n) => line(2 * n, `a${n}`)),
      'o-agent-b': Array.from({ length: 20 }, (_, n) => line(2 * n + (n % 2), `b${n}`)),
      'o-rebind': Array.from({ length: 5 }, () => line(7, 'same')),
    }
    const all = await logsOver(written).list()
    expect(all.lines).toHaveLength(45)
    expect(all.lines.map(({ time }) => time)).toEqual(all.lines.map(({ time }) => time).toSorted())
    for (const pageSize of [1, 3, 1_000]) {
      const { list } = logsOver(written, { pageSize })
      const paged = []
      for (let after: LogQuery['after']; ; ) {
        const { lines, more } = await list({ limit: 4, after })
        paged.push(...lines)
        after = lines.at(-1)
        if (!more) break
      }
      expect(paged).toEqual(all.lines)
    }
  })

  it('of one millisecond are all found, though CloudWatch orders them as they came in (logs/G2)', async () => {
    const ids = ['d', 'c', 'b', 'a', 'e']
    const events = ids.map((eventId) => ({ eventId, timestamp: 1_000, message: eventId }))
    const client = new CloudWatchLogsClient({ region: 'us-east-1' })
    client.send = async ({ input }: { input: { nextToken?: string; limit: number } }) => {
      const from = Number(input.nextToken ?? 0)
      const to = from + input.limit
      return { events: events.slice(from, to), ...(to < events.length ? { nextToken: String(to) } : {}) }
    }
    const { listLines } = cloudwatchLogs({ client, ownFunctions: ['o-rebind'], now: () => 0 })
    const paged: string[] = []
    for (let after: LogQuery['after']; ; ) {
      const query = { taskId: TASK, functionNames: [], from: 0, to: 2_000, limit: 2, after }
      const { lines, more } = await listLines(query)
      paged.push(...lines.map(({ id }) => id))
      after = lines.at(-1)
      if (!more) break
    }
    expect(paged).toEqual(ids.toSorted())
  })

  it('are bounded by times', async () => {
    const { messages } = logsOver({ 'o-agent-a': [1, 2, 3].map((second) => line(second, `at ${second}`)) })
    expect(await messages({ from: Date.parse(at(2)), to: Date.parse(at(3)) })).toEqual(['at 2'])
  })

  /** All lines, page by page, as a client asks for them; each search of a log takes so many milliseconds. */
  async function paged(milliseconds: number, count: number, query: Partial<LogQuery> = {}) {
    let time = 0
    const { list, asked } = logsOver(
      {
        'o-agent-a': Array.from({ length: count }, (_, n) => line(40 * (n >> 1), `a${n}`)),
        'o-agent-b': Array.from({ length: count }, (_, n) => line(40 * (n >> 1) + 7, `b${n}`)),
      },
      { pageSize: 3, now: () => (time += milliseconds) },
    )
    const found: string[] = []
    let most = 0
    let more: Pick<LogQuery, 'after' | 'spanSeconds'> = {}
    for (let pages = 0; pages < 1_000; pages++) {
      asked.length = 0
      const page = await list({ ...query, ...more })
      most = Math.max(most, asked.length)
      found.push(...page.lines.map(({ text }) => (JSON.parse(text) as { message: string }).message))
      if (!page.more) return { found, most }
      const { goOn } = page
      if (goOn) more = goOn
      else more = { after: page.lines.at(-1) }
    }
    throw new Error('it does not come to an end')
  }

  it.each([200, 500, 800].flatMap((milliseconds) => [1, 5, 100].map((limit) => [milliseconds, limit])))(
    'are searched for five seconds at a time, and each is found once, where a search takes %i ms, in pages of %i (logs/G2, logs/G3)',
    async (milliseconds, limit) => {
      const range = { from: Date.parse(at(0)), to: Date.parse(at(40 * 60)) }
      const { found, most } = await paged(milliseconds, 60, { ...range, limit })
      expect(found).toHaveLength(120)
      expect(new Set(found).size).toBe(120)
      // Four logs at once begin each before the time is over.
      expect(most).toBeLessThanOrEqual(5_000 / milliseconds + 4)
    },
  )

  it('are refused where even a minute of them takes too long to search (logs/G3)', async () => {
    await expect(paged(6_000, 5)).rejects.toThrow(
      'take too long to search; ask for a step, or for lines since a time',
    )
  })

  it('are no more than an answer can have, however long they are (logs/G3)', async () => {
    const long = 'x'.repeat(600_000)
    const written = {
      'o-agent-a': Array.from({ length: 30 }, (_, n) => line(2 * n, `a${n}${long}`)),
      'o-agent-b': Array.from({ length: 30 }, (_, n) => line(2 * n + 1, `b${n}`)),
    }
    const { list, asked } = logsOver(written, { pageSize: 3 })
    const names: string[] = []
    let pages = 0
    for (let after: LogQuery['after']; ; pages++) {
      asked.length = 0
      const { lines, more } = await list({ limit: 1_000, after })
      expect(asked.filter((name) => name.endsWith('-a')).length).toBeLessThan(6)
      names.push(...lines.map(({ text }) => (JSON.parse(text) as { message: string }).message.slice(0, 3)))
      after = lines.at(-1)
      if (!more) break
    }
    expect(pages).toBe(2)
    expect(names.map((name) => name.replace('x', ''))).toEqual(
      Array.from({ length: 30 }, (_, n) => [`a${n}`, `b${n}`]).flat(),
    )
  })

  it('of a log that may not be read are told as such, the others are found (logs/G4)', async () => {
    const { list } = logsOver({ 'o-agent-a': [line(1, 'one')] }, { denied: 'o-agent-b' })
    const { lines, unreadable } = await list()
    expect([lines.length, unreadable]).toEqual([1, ['o-agent-b']])
  })

  it('are asked for once in each log', async () => {
    const { list, asked } = logsOver({})
    await list({ functionNames: ['o-agent-a', 'o-rebind', 'o-agent-a'] })
    expect(asked.toSorted()).toEqual(['/aws/lambda/o-agent-a', '/aws/lambda/o-rebind'])
  })
})

it('CloudWatch is asked in its own language', () => {
  expect(patternOf({ taskId: 't_1' })).toBe('{ $.taskId = "t_1" }')
  expect(patternOf({ taskId: 't_1', step: 'a"b' })).toBe(
    '{ $.taskId = "t_1" && ($.stepId = "a\\"b" || $.stepId = "a\\"b[*") }',
  )
})
