import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admission,
  afterCall,
  type Breaker,
  beginTrial,
  CLOSED,
  type Pass,
} from '../../shared/selector/breaker.ts'

const LEASE = 30

/** Callers that meet a breaker: each begins, and some time later ends or dies. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(), succeeded: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), which: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 200 }) }),
  },
)

describe('the breaker', () => {
  it('opens once for failures at once, tries one call at a time, and hears nothing of old calls (K1, K2, K3, K4)', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        let breaker: Breaker = CLOSED
        let [now, ids] = [0, 0]
        let row = 0
        const calls: { pass: Pass; until: number }[] = []
        for (const one of events) {
          if (one.kind === 'wait') now += one.seconds
          if (one.kind === 'begin') {
            const admitted = admission(breaker, now)
            if (admitted === 'refused') continue
            const pass: Pass = { generation: breaker.generation }
            if (admitted === 'trial') {
              // K2: whoever was on trial before is over.
              for (const { pass: other, until } of calls)
                if (other.trialId !== undefined && other.generation === breaker.generation)
                  expect(until).toBeLessThanOrEqual(now)
              pass.trialId = String(++ids)
              breaker = beginTrial(breaker, pass.trialId, now + LEASE)
            }
            calls.push({ pass, until: now + LEASE })
          }
          if ((one.kind === 'end' || one.kind === 'die') && calls.length > 0) {
            const [call] = calls.splice(one.which % calls.length, 1)
            // Who has died never tells.
            if (!call || one.kind === 'die') continue
            const before = breaker
            breaker = afterCall(breaker, call.pass, one.succeeded, now)
            const isOld = call.pass.generation !== before.generation
            const isOver = before.state === 'open' && call.pass.trialId !== before.trial?.id
            if (isOld || isOver) expect(breaker).toBe(before)
            if (breaker.generation !== before.generation) {
              expect(breaker.generation).toBe(before.generation + 1)
              if (breaker.state === 'open') {
                row += 1
                expect(breaker.openUntil - now).toBe(Math.min(300, 20 * 2 ** (row - 1)))
              } else row = 0
            }
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('opens after five failures in a row and not after four, however many calls were under way', () => {
    const fail = (breaker: Breaker) => afterCall(breaker, { generation: 0 }, false, 100)
    const four = [1, 2, 3, 4].reduce(fail, CLOSED)
    expect(four.state).toBe('closed')
    expect(afterCall(four, { generation: 0 }, true, 100).consecutiveFailures).toBe(0)
    const opened = fail(four)
    expect(opened).toMatchObject({ state: 'open', generation: 1, openUntil: 120 })
    // Forty-five others fail at the same time.
    expect(Array.from({ length: 45 }).reduce<Breaker>(fail, opened)).toBe(opened)
  })

  it('closes when the trial succeeds, and only by the trial', () => {
    const opened = Array.from({ length: 5 }).reduce<Breaker>(
      (breaker) => afterCall(breaker, { generation: 0 }, false, 0),
      CLOSED,
    )
    expect(admission(opened, 19)).toBe('refused')
    expect(admission(opened, 20)).toBe('trial')
    const trying = beginTrial(opened, 'a', 50)
    expect(admission(trying, 21)).toBe('refused')
    expect(admission(trying, 50)).toBe('trial')
    const again = beginTrial(trying, 'b', 80)
    expect(afterCall(again, { generation: 1, trialId: 'a' }, true, 60)).toBe(again)
    expect(afterCall(again, { generation: 1, trialId: 'b' }, true, 60)).toEqual({ ...CLOSED, generation: 2 })
    expect(afterCall(again, { generation: 1, trialId: 'b' }, false, 60)).toMatchObject({
      openUntil: 100,
      openings: 2,
    })
  })
})
