import { expect, it } from 'vitest'
import { CLOSED } from '../../../shared/domain/breaker.ts'
import { afterCall, afterFailedProbe } from '../../../shared/selector/breaker.ts'

it('a failed probe counts as a failed call, and a call that succeeds ends the row (breaker/K9)', () => {
  let breaker = CLOSED
  for (let times = 0; times < 4; times++) breaker = afterFailedProbe(breaker, times)
  expect(breaker).toMatchObject({ state: 'closed', consecutiveFailures: 4 })
  const well = afterCall(breaker, { generation: breaker.generation }, { succeeded: true }, 5)
  expect(afterFailedProbe(well, 6)).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
  expect(afterFailedProbe(breaker, 6)).toMatchObject({ state: 'open', openUntil: 26, openings: 1 })
})

it('a failed probe keeps an open breaker open whose time is over, and leaves it alone before (breaker/K9)', () => {
  const open = { ...CLOSED, state: 'open' as const, openings: 1, openUntil: 26 }
  expect(afterFailedProbe(open, 20)).toBe(open)
  expect(afterFailedProbe(open, 30)).toMatchObject({ state: 'open', openUntil: 70, openings: 2 })
  const tried = { ...open, trial: { id: 'x', until: 100 } }
  expect(afterFailedProbe(tried, 30)).toBe(tried)
})
