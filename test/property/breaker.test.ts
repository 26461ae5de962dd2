import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Breaker, CLOSED } from '../../shared/domain/breaker.ts'
import {
  admission,
  afterCall,
  afterLostCall,
  beginTrial,
  heldBack,
  type Pass,
} from '../../shared/selector/breaker.ts'

const LEASE = 30
const SUCCEEDED = { succeeded: true }
const FAILED = { succeeded: false }

/** Callers of a breaker: each begins, and later ends or dies. */
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
  it('does not block calls until a time that was set before the clock went back', () => {
    const open: Breaker = { ...CLOSED, state: 'open', openings: 1, openUntil: 10_020 }
    expect([10_000, 10_020, 6_400].map((now) => admission(open, now))).toEqual(['refused', 'trial', 'trial'])
    const onTrial = beginTrial({ ...open, openUntil: 0 }, 'a', 10_030)
    expect([10_000, 10_030, 6_400].map((now) => admission(onTrial, now))).toEqual([
      'refused',
      'trial',
      'trial',
    ])
  })

  it('opens once for concurrent failures, allows one trial at a time, and ignores results of old calls (breaker/K1, breaker/K2, breaker/K3, breaker/K4)', () => {
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
              // The former trial is over (breaker/K2).
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
            // A dead caller reports no outcome.
            if (!call || one.kind === 'die') continue
            const before = breaker
            breaker = afterCall(breaker, call.pass, { succeeded: one.succeeded }, now)
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
    const fail = (breaker: Breaker) => afterCall(breaker, { generation: 0 }, FAILED, 100)
    const four = [1, 2, 3, 4].reduce(fail, CLOSED)
    expect(four.state).toBe('closed')
    expect(afterCall(four, { generation: 0 }, SUCCEEDED, 100).consecutiveFailures).toBe(0)
    const opened = fail(four)
    expect(opened).toMatchObject({ state: 'open', generation: 1, openUntil: 120 })
    // Forty-five others fail at the same time.
    expect(Array.from({ length: 45 }).reduce<Breaker>(fail, opened)).toBe(opened)
  })

  it('opens when half of the recent calls have failed, but not again for the same failures', () => {
    const often = { succeeded: false, lately: { failures: 0.6, calls: 12 } }
    expect(afterCall(CLOSED, { generation: 0 }, often, 5_000).state).toBe('open')
    const seldom = { succeeded: false, lately: { failures: 0.4, calls: 12 } }
    expect(afterCall(CLOSED, { generation: 0 }, seldom, 5_000).state).toBe('closed')
    const few = { succeeded: false, lately: { failures: 0.9, calls: 9 } }
    expect(afterCall(CLOSED, { generation: 0 }, few, 5_000).state).toBe('closed')
    const reopened = { ...CLOSED, closedAt: 4_900 }
    expect(afterCall(reopened, { generation: 0 }, often, 5_000).state).toBe('closed')
  })

  it('counts failures as consecutive only if no call has succeeded between them, reported or not (breaker/K6)', () => {
    const failure = (successes: number) => ({
      succeeded: false,
      lately: { failures: 0.1, calls: 50, tally: { of: 'work.do 1', successes } },
    })
    const breakerAfter = (tallies: number[]) =>
      tallies.reduce<Breaker>(
        (breaker, successes) => afterCall(breaker, { generation: 0 }, failure(successes), 5_000),
        CLOSED,
      )
    expect(breakerAfter([9, 9, 9, 9, 9]).state).toBe('open')
    expect(breakerAfter([9, 18, 27, 36, 45])).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
    expect(breakerAfter([9, 9, 9, 9, 10])).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
  })

  it('counts a call whose caller has crashed, unless it began before the breaker last closed', () => {
    const lost = { beganAt: 100, trialId: 'mine' }
    expect(afterLostCall(CLOSED, lost, FAILED, 120)).toMatchObject({ consecutiveFailures: 1 })
    const closed = { ...CLOSED, generation: 4, closedAt: 110 }
    expect(afterLostCall(closed, lost, FAILED, 120)).toBe(closed)
    const open = beginTrial(
      { ...CLOSED, state: 'open', openUntil: 100, openings: 1, generation: 3 },
      'mine',
      999,
    )
    expect(afterLostCall(open, lost, FAILED, 120)).toMatchObject({
      openings: 2,
      openUntil: 160,
      generation: 4,
    })
    const another = { ...lost, trialId: 'of another' }
    expect(afterLostCall(open, another, FAILED, 120)).toBe(open)
  })

  it('excludes at most half of the agents with the same capability (breaker/K5)', () => {
    const open = (openUntil: number): Breaker => ({ ...CLOSED, state: 'open', openUntil })
    const names = ['a', 'b', 'c', 'd', 'e']
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 5 }), (untils) => {
        const breakers = new Map(untils.map((until, at) => [names[at] ?? '', open(until)]))
        const held = heldBack(breakers, 50)
        expect(held.size).toBeLessThanOrEqual(untils.length / 2)
        const refused = untils.filter((until) => until > 50)
        expect(held.size).toBe(Math.min(refused.length, Math.floor(untils.length / 2)))
      }),
    )
    expect(heldBack(new Map([['alone', open(100)]]), 50).size).toBe(0)
  })

  it('closes when the trial succeeds, and only by the trial', () => {
    const opened = Array.from({ length: 5 }).reduce<Breaker>(
      (breaker) => afterCall(breaker, { generation: 0 }, FAILED, 0),
      CLOSED,
    )
    expect(admission(opened, 19)).toBe('refused')
    expect(admission(opened, 20)).toBe('trial')
    const trying = beginTrial(opened, 'a', 50)
    expect(admission(trying, 21)).toBe('refused')
    expect(admission(trying, 50)).toBe('trial')
    const again = beginTrial(trying, 'b', 80)
    expect(afterCall(again, { generation: 1, trialId: 'a' }, SUCCEEDED, 60)).toBe(again)
    expect(afterCall(again, { generation: 1, trialId: 'b' }, SUCCEEDED, 60)).toEqual({
      ...CLOSED,
      generation: 2,
      closedAt: 60,
    })
    expect(afterCall(again, { generation: 1, trialId: 'b' }, FAILED, 60)).toMatchObject({
      openUntil: 100,
      openings: 2,
    })
  })
})
