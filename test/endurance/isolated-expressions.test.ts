import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIsolated } from '../support/cloud/isolated.ts'
import { BOMBS } from '../support/random/expression-bombs.ts'

let isolated: Awaited<ReturnType<typeof startIsolated>>
beforeAll(async () => {
  isolated = await startIsolated()
})
afterAll(() => isolated.stop())

/** 1.5 s on a quiet machine; the margin is for tests that run concurrently. */
const MOST_PROCESSOR_MILLISECONDS = 3_000

describe('expressions in a thread of their own', () => {
  it.each(Object.entries(BOMBS))(
    'end with a named error, and others continue: %s (isolation/I1)',
    async (_name, text) => {
      const began = process.cpuUsage()
      const result = await isolated.one(text)
      const { user, system } = process.cpuUsage(began)
      expect(result).toEqual({ failedAt: 0, error: expect.any(String) })
      expect((user + system) / 1_000).toBeLessThan(MOST_PROCESSOR_MILLISECONDS)
      expect(await isolated.one('1 + 1')).toEqual({ value: 2 })
    },
  )

  it('end their thread and never the process, however often memory runs out (isolation/I1)', async () => {
    const heavy = ['a tuple stream', 'many objects', 'a list doubled', 'a recursion that grows']
    for (const text of heavy.flatMap((name) => Array<string>(8).fill(BOMBS[name] as string)))
      expect(await isolated.one(text)).toEqual({ failedAt: 0, error: expect.any(String) })
  })

  it('may exceed their time while other threads use the processor (isolation/I2)', {
    timeout: 120_000,
  }, async () => {
    const limit = 400
    const starved = await startIsolated({ processorMilliseconds: limit })
    await starved.one('1')
    // With six busy threads per processor, the expression's thread gets at most a seventh of one.
    const others = Array.from(
      { length: 6 * availableParallelism() },
      () => new Worker('for (;;);', { eval: true }),
    )
    try {
      await Promise.all(others.map((other) => once(other, 'online')))
      // Doubles the work until it takes longer than the limit of processor time in wall-clock time.
      for (let [size, lasted] = [2_000, 0]; lasted < limit; size *= 2) {
        const began = performance.now()
        expect(await starved.one(`$sum([1..${size}].($ * 2))`)).toEqual({ value: size * (size + 1) })
        lasted = performance.now() - began
      }
    } finally {
      await Promise.all(others.map((other) => other.terminate()))
      await starved.stop()
    }
  })

  it('does not delay other evaluations during an endless one (isolation/I3)', async () => {
    const bomb = isolated.one('($f := function($x){$f($x + 1)}; $f(0))')
    let isOver = false
    void bomb.finally(() => {
      isOver = true
    })
    let served = 0
    while (!isOver) {
      expect(await isolated.one('$input.n + 1', { input: { n: served } })).toEqual({ value: served + 1 })
      served += 1
    }
    expect(await bomb).toHaveProperty('error')
    expect(served).toBeGreaterThan(20)
  })

  it('reports which of several has failed, and evaluates none after it', async () => {
    const asked = ['1', '2', '$error("no")', '3'].map((text) => ({ text, names: '{}' }))
    expect(await isolated.evaluator(asked)).toEqual({ failedAt: 2, error: 'no' })
    const bombed = ['1', '2', '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /^(a+)+$/)', '3']
    const answers = await isolated.evaluator(bombed.map((text) => ({ text, names: '{}' })))
    expect(answers).toEqual({ failedAt: 2, error: expect.stringContaining('processor time') })
  })

  it('refuses more data than its thread can hold, and continues', async () => {
    const names = { input: 'x'.repeat(60_000_000) }
    expect(await isolated.one('$length($input)', names)).toEqual({
      failedAt: 0,
      error: expect.stringContaining('characters of data'),
    })
    expect(await isolated.one('1 + 1')).toEqual({ value: 2 })
  })

  it('provides uuid, hash and random, which the realm lacks', async () => {
    const { value } = (await isolated.one(
      '[$uuid(), $uuid(), $hash("abc", "SHA-256"), $random(7), $random()]',
    )) as {
      value: [string, string, string, number, number]
    }
    expect(value[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(value[1]).not.toBe(value[0])
    expect(value[2]).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(value[3]).not.toBe(value[4])
  })
})
