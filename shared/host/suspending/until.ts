import type { SuspendOptions, Until } from '../../agent/index.ts'
import { isJsonObject } from '../../domain/json.ts'
import { shown } from '../../domain/shown.ts'
import {
  type Awaited,
  AwaitedMessageSchema,
  LEAST_HEARTBEAT_SECONDS,
  MOST_SUSPENDED_SECONDS,
} from '../../domain/suspension.ts'
import { parseTime, RIGHT_TIME } from '../../domain/times.ts'

const KINDS = '{seconds}, {at}, {callback, timeoutSeconds, heartbeatSeconds?} or {message, timeoutSeconds}'

/** Throws RangeError that says what is wrong with the options of `context.suspend`, and what would be right. */
export function checkedSuspend(options: SuspendOptions): SuspendOptions {
  if (!isJsonObject(options) || !isJsonObject(options.until))
    throw new RangeError(`suspend wants {until, state?}, where until is ${KINDS}; this is ${shown(options)}`)
  const { until } = options
  const kinds = ['seconds', 'at', 'callback', 'message'].filter((kind) => kind in until)
  if (kinds.length !== 1)
    throw new RangeError(`until is ${shown(Object.keys(until))}; it has exactly one of ${KINDS}`)
  if ('seconds' in until) requireSeconds('until.seconds', until.seconds, 0)
  else if ('at' in until) timeOf(until.at as Date | string)
  else {
    requireSeconds('until.timeoutSeconds', until.timeoutSeconds, 0)
    if ('callback' in until) requireCallback(until)
    if ('message' in until) requireMessage(until.message)
  }
  return options
}

function requireSeconds(name: string, value: unknown, least: number): void {
  const isRight =
    typeof value === 'number' && Number.isFinite(value) && value >= least && value <= MOST_SUSPENDED_SECONDS
  if (isRight) return
  const right = `a number of seconds from ${least} to ${MOST_SUSPENDED_SECONDS} (a year)`
  throw new RangeError(`${name} is ${shown(value)}; it must be ${right}`)
}

function requireCallback({ callback, heartbeatSeconds }: Extract<Until, { callback: unknown }>): void {
  if (!isJsonObject(callback) || typeof callback.token !== 'string')
    throw new RangeError(
      `until.callback is ${shown(callback)}; it is what context.callback() has returned: const callback = await context.callback()`,
    )
  if (heartbeatSeconds !== undefined)
    requireSeconds('until.heartbeatSeconds', heartbeatSeconds, LEAST_HEARTBEAT_SECONDS)
}

function requireMessage(message: unknown): void {
  const parsed = AwaitedMessageSchema.safeParse(message)
  if (parsed.success) return
  throw new RangeError(
    `until.message is ${shown(message)}; it is {type?, from?, correlationId?}, each a short text`,
  )
}

/** In milliseconds since 1970. Throws RangeError for what is no time. */
function timeOf(at: Date | string): number {
  const time = at instanceof Date ? at.getTime() : parseTime(at)
  if (time !== undefined && Number.isFinite(time)) return time
  throw new RangeError(`until.at is ${shown(at)}; ${RIGHT_TIME}, or a Date`)
}

/** What is waited for, as the record keeps it, and when the wait is over: at most in a year. */
export function awaitedOf(until: Until, now: Date): { awaited: Awaited; endsAt: string } {
  const most = now.getTime() + MOST_SUSPENDED_SECONDS * 1_000
  const ending = (milliseconds: number): string =>
    new Date(Math.min(most, Math.max(now.getTime(), milliseconds))).toISOString()
  const after = (seconds: number): string => ending(now.getTime() + seconds * 1_000)
  if ('seconds' in until) return { awaited: { kind: 'time' }, endsAt: after(until.seconds) }
  if ('at' in until) return { awaited: { kind: 'time' }, endsAt: ending(timeOf(until.at)) }
  const endsAt = after(until.timeoutSeconds)
  if ('message' in until) return { awaited: { kind: 'message', message: { ...until.message } }, endsAt }
  const { heartbeatSeconds } = until
  return {
    awaited: { kind: 'callback', ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }) },
    endsAt,
  }
}
