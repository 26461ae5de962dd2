import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { QuotaUse, UsageView } from '../../../shared/contracts/usage-views.ts'
import { runCliAgainst } from '../../support/cloud/run-cli-against.ts'

const USAGE: UsageView = {
  tenant: 'acme',
  at: '2026-11-29T13:40:10.000Z',
  month: '2026-11',
  quotas: [
    { quota: 'requestsPerMinute', used: 412, limit: 600, resetsAt: '2026-11-29T13:41:00.000Z' },
    { quota: 'tasksPerDay', used: 1_000, limit: 1_000, resetsAt: '2026-11-30T00:00:00.000Z' },
    {
      quota: 'usdPerMonth',
      used: 180.5,
      reserved: 22.25,
      unknown: 0.4,
      limit: 250,
      resetsAt: '2026-12-01T00:00:00.000Z',
    },
    { quota: 'agents', used: 3 },
    { quota: 'keys', used: 0, limit: 0 },
  ],
  allowed: { capabilities: ['text.*'] },
  tasks: {
    day: '2026-11-29',
    byStatus: [
      { status: 'running', count: 3 },
      { status: 'succeeded', count: 997 },
    ],
    more: false,
  },
  money: {
    byDay: [
      { day: '2026-11-28', usd: 90 },
      { day: '2026-11-29', usd: 90.5 },
    ],
  },
  models: [
    {
      name: 'default',
      used: {
        calls: 12,
        inputTokens: 3_000_000,
        outputTokens: 40_000,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        costUsd: 12.5,
      },
    },
  ],
}

const shown = async (usage: UsageView): Promise<string> =>
  (await runCliAgainst(() => usage, ['usage'], { COLUMNS: '80' })).stdout

describe('usage', () => {
  it('is a picture of 80 columns with bars and warnings', async () => {
    const text = await shown(USAGE)
    for (const line of text.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80)
    expect(text).toBe(`tenant acme, 2026-11 (UTC)

quota                                used                 limit   anew in
requests a minute  ███████████░░░░░  412                  600     50.0 s
tasks a day        ████████████████  1,000                1,000   10 h 20 min
USD a month        █████████████░░░  180.50 + 22.25 held  250.00  1 d 10 h
agents                               3                    none
live keys          ████████████████  0                    0

! tasks a day: 100 % of the quota, more is refused
! USD a month: 81 % of the quota
! 0.4 USD of it was held by steps that have died, which may have cost less

capabilities of the stage: text.*

tasks today: ▶ 3 running  ✔ 997 succeeded

day                           cost
2026-11-28  ████████████████  90.00 USD
2026-11-29  ████████████████  90.50 USD

model, 30 days  calls  tokens     cost
default         12     3,040,000  12.50 USD
`)
  })

  it('does not call refused what is queued', async () => {
    const quotas: QuotaUse[] = [{ quota: 'concurrency', used: 1, limit: 1 }]
    expect(await shown({ ...USAGE, quotas })).toContain(
      '! tasks at once: 100 % of the quota, more are queued\n',
    )
  })

  it.each<[share: number, warned: string | undefined]>([
    [0.79, undefined],
    [0.8, '! tasks a day: 80 % of the quota\n'],
    [1, '! tasks a day: 100 % of the quota, more is refused\n'],
  ])('warns of %d of a quota: %s', async (share, warned) => {
    const quotas: QuotaUse[] = [{ quota: 'tasksPerDay', used: 100 * share, limit: 100 }]
    const text = await shown({ ...USAGE, quotas })
    if (warned === undefined) expect(text).not.toContain('!')
    else expect(text).toContain(warned)
  })

  it('is JSON for programs, and refuses what is no month', async () => {
    const { stdout } = await runCliAgainst(() => USAGE, ['usage', '--json', '--month', '2026-11'])
    expect(JSON.parse(stdout)).toEqual(USAGE)
    const wrong = await runCliAgainst(() => USAGE, ['usage', '--month', 'november'])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('is written like 2026-11') })
  })
})
