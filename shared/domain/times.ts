/** The day of a time, in UTC: `2026-11-23`. */
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10)

/** Negative for a time that has passed. */
export const secondsUntil = (time: string, now: Date): number => (Date.parse(time) - now.getTime()) / 1_000

/** A duration, never negative even when the clock was set back meanwhile. */
export const millisecondsBetween = (from: string, to: string): number =>
  Math.max(0, Date.parse(to) - Date.parse(from))

/** The end of a message about a malformed time. */
export const RIGHT_TIME =
  'a time is ISO 8601 with its zone, such as 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00, between the years 1970 and 9999'

const TIME =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/

/**
 * A user's time in milliseconds since 1970; undefined for a text that is no time or an ambiguous one: without a zone, a date alone, the
 * 30th of February. `Date.parse` would read "room 12" as the year 2001.
 */
export function parseTime(text: unknown): number | undefined {
  const [, year = '', month = '', day = ''] = (typeof text === 'string' && TIME.exec(text)) || []
  if (typeof text !== 'string' || !isDate(Number(year), Number(month), Number(day))) return undefined
  const time = Date.parse(text)
  return time >= 0 ? time : undefined
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}
