/** Whether `5/4/2026` is the fifth of April or the fourth of May. */
export type DayOrder = 'day first' | 'month first'

const YEAR_FIRST =
  /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i
const YEAR_LAST = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/
const MONTH_NAMED = /^([A-Z][a-z]{2}) (\d{1,2}),? (\d{4})$/
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/**
 * Milliseconds since 1970 of a text that is a date of the calendar, undefined otherwise. What names no time zone is UTC, so that every
 * machine gives the same answer.
 */
export function timeOfText(text: string, order: DayOrder = 'month first'): number | undefined {
  const iso = YEAR_FIRST.exec(text)
  if (iso) {
    const [, year, month, day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = iso
    const midnight = dayOf(Number(year), Number(month), Number(day))
    if (midnight === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
      return undefined
    const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second)
    return midnight + seconds * 1_000 + Math.trunc(Number(`0.${fraction || '0'}`) * 1_000) - offsetOf(zone)
  }
  const last = YEAR_LAST.exec(text)
  if (last) {
    const [, a, b, year] = last.map(Number)
    return order === 'day first' ? dayOf(year, b, a) : dayOf(year, a, b)
  }
  const named = MONTH_NAMED.exec(text)
  return named ? dayOf(Number(named[3]), MONTHS.indexOf(named[1] ?? '') + 1, Number(named[2])) : undefined
}

/** The order of day and month that the unambiguous dates of a column show; undefined when there are none. */
export function dayOrderOf(texts: Iterable<string>): DayOrder | undefined {
  for (const text of texts) {
    const [, a = 0, b = 0] = YEAR_LAST.exec(text)?.map(Number) ?? []
    if (a > 12) return 'day first'
    if (b > 12) return 'month first'
  }
  return undefined
}

/** Whether the order of day and month matters for this text. */
export function hasYearLast(text: string): boolean {
  return YEAR_LAST.test(text)
}

function dayOf(year = 0, month = 0, day = 0): number | undefined {
  const time = Date.UTC(year, month - 1, day)
  const date = new Date(time)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : undefined
}

function offsetOf(zone: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? []
  if (!sign) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
