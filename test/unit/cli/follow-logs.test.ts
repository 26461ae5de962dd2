import { expect, it } from 'vitest'
import { followLogs, type Source } from '../../../cli/show/follow-logs.ts'
import type { LogLineView } from '../../../shared/contracts/log-views.ts'

const START = Date.UTC(2026, 0, 1)
const timeOf = (second: number): string => new Date(START + second * 1_000).toISOString()

type Written = { id: string; at: number; seenAt: number }
type World = { lines: Written[]; endedAt: number; failing?: (second: number) => boolean; slow?: number }

/** The ids that are told by a service which has each line from `seenAt` on, and the seconds of the searches. */
async function follow(
  { lines, endedAt, failing = () => false, slow = 0 }: World,
  { restMilliseconds = 15_000, follow: isFollowed = true } = {},
) {
  let second = 0
  const asked: number[] = []
  const source: Source = {
    isOpen: async () => second < endedAt,
    async *pages(since) {
      asked.push(second)
      if (failing(second)) throw new Error('throttled')
      const found = lines.filter(({ at, seenAt }) => seenAt <= second && timeOf(at) >= (since ?? ''))
      second += slow
      yield { logs: found.toSorted((a, b) => a.at - b.at).map(viewOf) }
    },
    mayPass: (error) => (error as Error).message === 'throttled',
    now: () => START + second * 1_000,
    pause: async (milliseconds) => {
      second += milliseconds / 1_000
    },
  }
  const told: string[] = []
  const options = { since: undefined, follow: isFollowed, restMilliseconds }
  for await (const { id } of followLogs(source, options)) told.push(id)
  return { told, asked, second }
}

const viewOf = ({ id, at }: Written): LogLineView => ({
  ...{ id, time: timeOf(at), level: 'INFO', functionName: 'f', message: id },
})

it('each line is told once, also one that comes after later ones (follow-logs/F1)', async () => {
  const lines = [
    { id: 'a', at: 1, seenAt: 6 },
    { id: 'b', at: 4, seenAt: 4 },
    { id: 'c', at: 9, seenAt: 9 },
  ]
  expect((await follow({ lines, endedAt: 10 })).told).toEqual(['b', 'a', 'c'])
})

it('lines that CloudWatch has only after the end of the task are told (follow-logs/F2)', async () => {
  const lines = [
    { id: 'a', at: 1, seenAt: 2 },
    { id: 'last', at: 5, seenAt: 12 },
  ]
  expect((await follow({ lines, endedAt: 5 })).told).toEqual(['a', 'last'])
})

it('where lines do not come late, the end of the task is the end (follow-logs/F2)', async () => {
  const lines = [{ id: 'a', at: 5, seenAt: 5 }]
  expect(await follow({ lines, endedAt: 5 }, { restMilliseconds: 0 })).toMatchObject({
    told: ['a'],
    second: 5,
  })
})

it('a search that is throttled is repeated, and not forever (follow-logs/F3)', async () => {
  const lines = [{ id: 'a', at: 1, seenAt: 1 }]
  const { told } = await follow({ lines, endedAt: 4, failing: (second) => second % 3 !== 2 })
  expect(told).toEqual(['a'])
  await expect(follow({ lines, endedAt: 4, failing: (second) => second > 1 })).rejects.toThrow('throttled')
  await expect(follow({ lines, endedAt: 4, failing: () => true }, { follow: false })).rejects.toThrow()
})

it('searches that take long are not made without a pause', async () => {
  expect((await follow({ lines: [], endedAt: 20, slow: 4 })).asked.slice(0, 3)).toEqual([0, 8, 16])
})

it('without --follow there is one search', async () => {
  const lines = [{ id: 'a', at: 0, seenAt: 0 }]
  expect(await follow({ lines, endedAt: 9 }, { follow: false })).toMatchObject({ told: ['a'], asked: [0] })
})
