import { boundedText } from '../../domain/bounded.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { parseTime, RIGHT_TIME } from '../../domain/times.ts'
import { type StepOf, YEAR_SECONDS } from '../../workflow/schema.ts'
import { beginWait } from '../waits/waiting.ts'
import { type Controlled, end } from './controlled.ts'
import { isForMessage, waitForMessage } from './wait-message.ts'

const SECOND = 1_000

export const wait: Controlled<StepOf<'wait'>> = {
  template: (step) => (isForMessage(step) ? waitForMessage.template(step) : step.wait),
  inputIn: (value) => value,
  begin: async (owned, value) => {
    const { ports, step } = owned
    if (isForMessage(step)) return waitForMessage.begin({ ...owned, step }, value)
    const now = ports.clock.now().getTime()
    const seconds = 'until' in step.wait ? secondsUntil(value.until, now) : secondsOf(value.seconds)
    const until = new Date(now + seconds * SECOND).toISOString()
    if (seconds > 0) await beginWait(owned, { kind: 'time', until })
    return { seconds }
  },
  end: async (owned) => {
    const { step } = owned
    return isForMessage(step) ? waitForMessage.end({ ...owned, step }) : end(owned, { status: 'succeeded' })
  },
}

/** Whole seconds, rounded up so that the wait never ends early. Throws InvalidInputError for an invalid time. */
function secondsUntil(until: Json | undefined, now: number): number {
  const time = parseTime(until)
  if (time === undefined) throw refused('until', until, RIGHT_TIME)
  return wholeSeconds((time - now) / SECOND, 'until', until)
}

function secondsOf(seconds: Json | undefined): number {
  if (typeof seconds !== 'number' || !(seconds >= 0))
    throw refused('seconds', seconds, 'seconds is a number of at least 0')
  return wholeSeconds(seconds, 'seconds', seconds)
}

function wholeSeconds(seconds: number, field: string, given: Json | undefined): number {
  if (seconds > YEAR_SECONDS) throw refused(field, given, 'a year is the most')
  return Math.ceil(Math.max(0, seconds))
}

function refused(field: string, given: Json | undefined, right: string): OrchestratorError {
  const shown = boundedText(JSON.stringify(given) ?? 'nothing', 100)
  return new OrchestratorError('InvalidInputError', `it cannot wait for ${field} ${shown}: ${right}`)
}
