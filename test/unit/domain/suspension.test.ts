import { describe, expect, it } from 'vitest'
import { type Suspended, withTurnsBefore } from '../../../shared/domain/suspension.ts'

const suspended: Suspended = {
  n: 2,
  execution: 1,
  until: { kind: 'time' },
  agentId: 'worker',
  agentVersion: '1.0.0',
  since: '2026-01-01T00:00:02.000Z',
  endsAt: '2026-01-01T01:00:02.000Z',
  resumedAt: '2026-01-01T01:00:02.000Z',
  by: { kind: 'time' },
  workedMs: 2_000,
  waitedMs: 3_600_000,
}
const last = { startedAt: '2026-01-01T01:00:02.000Z', endedAt: '2026-01-01T01:00:05.000Z', costUsd: 0.5 }

describe('a call that goes on after suspensions (suspend/S3)', () => {
  it('counts with the work and the cost of its turns, and without what it has waited', () => {
    const uncounted = { costUsd: 1, tokens: 10 }
    expect(withTurnsBefore(last, { suspended, uncounted })).toEqual({
      ...last,
      startedAt: '2026-01-01T01:00:00.000Z',
      costUsd: 1.5,
      tokens: 10,
    })
  })

  it('counts as it is where nothing was suspended, or another agent was', () => {
    expect(withTurnsBefore(last, { uncounted: { costUsd: 1 } })).toBe(last)
    const { by: _by, ...left } = suspended
    expect(withTurnsBefore(last, { suspended: left })).toBe(last)
  })
})
