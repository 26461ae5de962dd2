import { describe, expect, it } from 'vitest'
import { transientError } from '../../../shared/domain/transient-error.ts'

const NOW = new Date('2026-01-01T00:00:00Z')

describe('transientError', () => {
  it.each([
    [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'UND_ERR_CONNECT_TIMEOUT'],
    [{ status: 503 }, 'status 503'],
    [{ errors: [{}, { code: 'ETIMEDOUT' }] }, 'ETIMEDOUT'],
    [{ cause: { cause: { statusCode: 429 } } }, 'status 429'],
    [{ name: 'SlowDown' }, 'SlowDown'],
    [{ isRetryable: true, statusCode: 409 }, 'its library says so'],
  ])('%j: %s (transient/T2)', (error, reason) => {
    expect(transientError(error, NOW)).toEqual({ reason })
  })

  it.each([
    [undefined],
    ['ECONNREFUSED'],
    [{ code: 'ENOTFOUND' }],
    [{ code: 'UND_ERR_ABORTED' }],
    [{ code: 503 }],
    [{ status: 600 }],
    [{ status: '503' }],
    [{ status: 404, cause: 'x' }],
    [{ $retryable: undefined }],
    [{ isRetryable: false }],
  ])('%j is not', (error) => {
    expect(transientError(error, NOW)).toBeUndefined()
  })

  it.each([
    ['90', 90],
    ['1.5', 1.5],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120],
    ['Thu, 01 Jan 1970 00:00:00 GMT', undefined],
    ['soon', undefined],
    ['0', undefined],
  ])('reads retry-after: %s', (text, seconds) => {
    for (const headers of [new Headers({ 'retry-after': text }), { 'Retry-After': text }])
      expect(transientError({ status: 503, headers }, NOW)).toEqual({
        reason: 'status 503',
        ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
      })
  })

  it('handles circular causes and getters that throw (transient/T1)', () => {
    const circle: { cause?: unknown } = {}
    circle.cause = circle
    expect(transientError(circle, NOW)).toBeUndefined()
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('not for you')
        },
      },
    )
    expect(transientError(hostile, NOW)).toBeUndefined()
    expect(
      transientError({ cause: hostile, errors: [hostile, { status: 500, headers: hostile }] }, NOW),
    ).toEqual({
      reason: 'status 500',
    })
  })
})
