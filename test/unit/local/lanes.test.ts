import { describe, expect, it } from 'vitest'
import { Lanes } from '../../../local/sqs/queue/lanes.ts'
import { asSent } from '../../../local/sqs/queue/message.ts'
import type { Message } from '../../../local/sqs/queue/store.ts'

const NOW = 1_000_000

/** Messages by their groups: `a` is the first of group a, `aa` the second. */
function filled(...names: string[]) {
  const lanes = new Lanes(({ group }) => String(group))
  lanes.advance(NOW)
  const messages = names.map((name, at): Message => {
    const message = { ...asSent(NOW, { group: name.slice(0, 1) }), id: name, sequence: at + 1 }
    lanes.add(message)
    return message
  })
  const get = (id: string): Message => messages.find((one) => one.id === id) as Message
  const ready = (now = NOW): string[] => [...lanes.readyAt(now)].map(({ key }) => key)
  const take = (id: string, until: number): void =>
    lanes.change(get(id), { inFlight: true, visibleAt: until })
  return { lanes, get, ready, take }
}

describe('lanes', () => {
  it('are not ready while any of their messages is in flight, or the first is delayed (lanes/L1)', () => {
    const { lanes, get, ready, take } = filled('a', 'aa', 'b')
    take('a', NOW + 10)
    take('aa', NOW + 20)
    expect(ready()).toEqual(['b'])
    lanes.change(get('a'), { inFlight: false, visibleAt: NOW })
    expect(ready()).toEqual(['b'])
    lanes.remove(get('aa'))
    expect(ready()).toEqual(['b', 'a'])
    lanes.change(get('b'), { visibleAt: NOW + 5 })
    expect(ready()).toEqual(['a'])
    expect(ready(NOW + 5)).toEqual(['a', 'b'])
  })

  it('have their turns one after another (lanes/L2)', () => {
    const { lanes, ready } = filled('a', 'b', 'c', 'aa')
    expect(ready()).toEqual(['a', 'b', 'c'])
    const [first] = [...lanes.readyAt(NOW)]
    if (first) lanes.passTurn(first)
    expect(ready()).toEqual(['b', 'c', 'a'])
  })

  it('have a message back when its time has come, as it was changed last (lanes/L3)', () => {
    const { lanes, get, ready, take } = filled('a')
    take('a', NOW + 10)
    expect(ready(NOW + 9)).toEqual([])
    lanes.change(get('a'), { visibleAt: NOW + 100 })
    expect(ready(NOW + 99)).toEqual([])
    expect(ready(NOW + 100)).toEqual(['a'])
    expect(get('a').inFlight).toBe(false)
  })

  it('need no timer for what is gone, or waits for nobody (lanes/L4)', () => {
    const { lanes, get, take } = filled('a', 'b')
    expect(lanes.nextAt()).toBeUndefined()
    take('a', NOW + 10)
    take('b', NOW + 20)
    expect(lanes.nextAt()).toBe(NOW + 10)
    lanes.remove(get('a'))
    expect(lanes.nextAt()).toBe(NOW + 20)
    lanes.clear()
    expect(lanes.nextAt()).toBeUndefined()
  })

  it('forget the times of thousands of messages that were deleted in time', () => {
    const { lanes } = filled()
    for (let at = 0; at < 10_000; at += 1) {
      const message = {
        ...asSent(NOW, { group: 'a' }),
        sequence: at,
        visibleAt: NOW + 10_000 - at,
        inFlight: true,
      }
      lanes.add(message)
      lanes.remove(message)
    }
    expect({
      next: lanes.nextAt(),
      inFlight: lanes.inFlight,
      ready: [...lanes.readyAt(NOW + 20_000)],
    }).toEqual({
      next: undefined,
      inFlight: 0,
      ready: [],
    })
  })

  it('call back when one becomes ready, and not again before it has been taken', () => {
    const { lanes, get, take } = filled('a')
    let calls = 0
    const end = lanes.onReady(() => {
      calls += 1
    })
    take('a', NOW + 10)
    lanes.advance(NOW + 10)
    lanes.advance(NOW + 11)
    expect(calls).toBe(1)
    end()
    take('a', NOW + 20)
    lanes.change(get('a'), { inFlight: false, visibleAt: NOW })
    expect(calls).toBe(1)
  })
})
