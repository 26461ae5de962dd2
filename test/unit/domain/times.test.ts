import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SubmitTaskSchema } from '../../../shared/contracts/requests.ts'
import { millisecondsBetween, parseTime } from '../../../shared/domain/times.ts'

describe('a time that a user gives', () => {
  it.each([
    ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00Z', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00:00.25+07:00', '2026-12-24T11:00:00.250Z'],
    ['2026-12-24T18:00:00-05:30', '2026-12-24T23:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is one', (text, time) => {
    expect(parseTime(text)).toBe(Date.parse(time))
  })

  it.each([
    'room 12',
    '2',
    'order 7',
    'tomorrow',
    '03/04/2027',
    'Thu, 24 Dec 2026 18:00:00 GMT',
    '2026-12-24',
    '2026-12-24T18:00:00',
    '2026-12-24 18:00:00Z',
    '2026-12-24T18Z',
    '2027-02-29T00:00:00Z',
    '2027-02-30T00:00:00Z',
    '2027-04-31T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-00-10T00:00:00Z',
    '2027-01-00T00:00:00Z',
    '2027-01-01T24:00:00Z',
    '2027-01-01T00:60:00Z',
    '2027-01-01T00:00:60Z',
    '2027-01-01T00:00:00+15:00',
    '+012027-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '',
    null,
    undefined,
    1_790_000_000_000,
    {},
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })

  it('is parsed as Date does, and survives a round trip', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })

  it.each(['2027-02-30T00:00:00Z', '1969-01-01T00:00:00Z', '2027-01-01', 'room 12'])(
    '%s is no deadline',
    (deadline) => {
      expect(SubmitTaskSchema.safeParse({ type: 'simple', deadline }).success).toBe(false)
      expect(
        SubmitTaskSchema.safeParse({ type: 'simple', deadline: '2027-01-01T00:00:00+07:00' }).success,
      ).toBe(true)
    },
  )
})

it('durations are never negative', () => {
  expect(millisecondsBetween('2026-01-01T12:00:00Z', '2026-01-01T11:00:00Z')).toBe(0)
  expect(millisecondsBetween('2026-01-01T11:00:00Z', '2026-01-01T11:00:01Z')).toBe(1_000)
})
