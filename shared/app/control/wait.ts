import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { type StepOf, YEAR_SECONDS } from '../../workflow/schema.ts'
import { type Controlled, end } from './controlled.ts'

const SECOND = 1_000

export const wait: Controlled<StepOf<'wait'>> = {
  template: (step) => step.wait,
  begin: async ({ ports }, value) => ({ seconds: secondsOf(value, ports.clock.now().getTime()) }),
  end: (owned) => end(owned, { status: 'succeeded' }),
}

/** Whole seconds, rounded up: nobody is woken early. Throws InvalidInputError for what is no time. */
function secondsOf({ seconds, until }: Record<string, Json>, now: number): number {
  const asNumber = typeof seconds === 'number' ? seconds : Number.NaN
  const wanted = until === undefined ? asNumber : (Date.parse(String(until)) - now) / SECOND
  const given = until === undefined ? `seconds ${JSON.stringify(seconds)}` : `until ${JSON.stringify(until)}`
  if (!Number.isFinite(wanted) || (until === undefined && wanted < 0)) {
    const right = 'seconds is a number of at least 0, until a time such as 2026-12-24T18:00:00Z'
    throw new OrchestratorError('InvalidInputError', `it cannot wait for ${given}: ${right}`)
  }
  if (wanted > YEAR_SECONDS)
    throw new OrchestratorError('InvalidInputError', `it cannot wait for ${given}: a year is the most`)
  return Math.ceil(Math.max(0, wanted))
}
