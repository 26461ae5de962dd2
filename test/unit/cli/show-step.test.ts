import { expect, it } from 'vitest'
import { runCliAgainst, TASK_ID } from '../../support/cloud/run-cli-against.ts'

const error = { name: 'AgentFailedError', message: 'no answer' }
const attemptAt = (startedAt: string, endedAt: string) => ({ agentId: 'fetcher', startedAt, endedAt, error })
const times = ['2026-11-28T12:00:00.000Z', '2026-11-28T12:00:01.000Z', '2026-11-28T12:00:09.000Z']
const [first = '', second = '', third = ''] = times
const step = {
  ...{ stepId: 'fetch', status: 'succeeded', agentId: 'fetcher', needs: [] },
  ...{ startedAt: first, endedAt: '2026-11-28T12:00:10.500Z', durationMs: 10_500 },
  attempts: [attemptAt(first, '2026-11-28T12:00:00.500Z'), attemptAt(second, '2026-11-28T12:00:01.500Z')],
}
const show = (view: object) =>
  runCliAgainst((path) => (path.endsWith('/steps/fetch') ? view : undefined), ['show', TASK_ID, 'fetch'])

it('shows of the attempt that succeeded its own beginning and duration', async () => {
  const { stdout, code } = await show({ ...step, attemptStartedAt: third })
  expect(code).toBe(0)
  expect(stdout).toContain(`  3  fetcher  ${third}  succeeded after 1.5 s`)
  expect(stdout).toContain('fetch  succeeded in 10.5 s')
})

it('the first attempt begins with its step', async () => {
  const { stdout } = await show({ ...step, attempts: [] })
  expect(stdout).toContain(`  1  fetcher  ${first}  succeeded after 10.5 s`)
})
