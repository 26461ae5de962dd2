import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Ran } from '../../functions/agents/code-run/schemas.ts'

const LIMIT_SECONDS = 2
const MOST_MB = 300
const SCRIPT = join(import.meta.dirname, '../support/agents/attack-sandbox.ts')

type Measured = { ran: Ran; seconds: number; before: number; peakMb: number; next: Ran; typed: Ran }

async function attack(code: string, more: object = {}): Promise<Measured> {
  const input = JSON.stringify({ code, timeoutSeconds: LIMIT_SECONDS, ...more })
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, input], {
    timeout: 60_000,
    env: {},
  })
  return JSON.parse(stdout) as Measured
}

/** Each takes all it can get. */
const ATTACKS: [what: string, code: string, names: string[]][] = [
  ['an infinite loop', 'for (;;);', ['TimeoutError']],
  ['an infinite loop in a getter of the output', 'return { get a() { for (;;); } }', ['TimeoutError']],
  ['2 GB in one buffer', 'return new Uint8Array(2 ** 31 - 1).length', ['OutOfMemoryError']],
  ['2 GB bit by bit', 'const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))', ['OutOfMemoryError']],
  [
    'a text of 2 GB',
    'let text = "x".repeat(1e6); for (;;) text += text',
    ['OutOfMemoryError', 'RangeError', 'InternalError'],
  ],
  ['a list without end', 'const all = []; for (;;) all.push({ all })', ['OutOfMemoryError', 'TimeoutError']],
  ['a deep recursion', 'const deeper = (n) => deeper(n + 1) + 1; return deeper(0)', ['RangeError']],
  [
    'a recursion that catches its end',
    'function deeper() { try { deeper() } finally { deeper() } } deeper()',
    ['TimeoutError'],
  ],
  ['a deeply nested source', `return ${'['.repeat(40_000)}${']'.repeat(40_000)}`, ['RangeError']],
  ['a catastrophic regular expression', 'return /^(a+)+$/.test("a".repeat(40) + "b")', ['TimeoutError']],
  [
    'a million promises',
    'const all = []; for (let n = 0; n < 1e6; n++) all.push(Promise.resolve(n).then((m) => m)); return (await Promise.all(all)).length',
    ['TimeoutError', 'OutOfMemoryError'],
  ],
  [
    'promises without end',
    'const again = () => Promise.resolve().then(again); await again()',
    ['TimeoutError', 'OutOfMemoryError'],
  ],
  ['a promise that never settles', 'await new Promise(() => {})', ['TimeoutError']],
  [
    'a generator without end',
    'return [...(function* () { for (;;) yield 1 })()]',
    ['OutOfMemoryError', 'TimeoutError'],
  ],
  [
    'a sort that never agrees',
    'return Array.from({ length: 1e6 }, Math.random).sort(() => Math.random() - 0.5).length',
    ['TimeoutError', 'OutOfMemoryError'],
  ],
  ['a big integer', 'let n = 3n; for (;;) n = n ** 3n', ['TimeoutError', 'OutOfMemoryError', 'RangeError']],
  ['a console without end', 'for (;;) console.log("x".repeat(1000))', ['TimeoutError']],
  [
    'an error of 64 MB',
    'throw new Error("x".repeat(3e7))',
    ['Error', 'RangeError', 'OutOfMemoryError', 'TimeoutError'],
  ],
  [
    'an output of 32 MB',
    'return "x".repeat(3e7)',
    ['Error', 'RangeError', 'OutOfMemoryError', 'TimeoutError'],
  ],
]

describe('code that takes all it can get', () => {
  it.each(ATTACKS)('is contained: %s (code-run/C1, code-run/C2)', async (_what, code, names) => {
    const { ran, seconds, peakMb, next } = await attack(code)
    expect(ran.ok, JSON.stringify(ran)).toBe(false)
    expect(names, JSON.stringify(ran.error)).toContain(ran.error?.name)
    expect(seconds).toBeLessThan(1.2 * LIMIT_SECONDS)
    expect(peakMb).toBeLessThan(MOST_MB)
    expect(next).toEqual({ ok: true, output: [2, 4, 6], stdout: '', tests: [] })
  })

  it.each([
    ['parentheses', `${'('.repeat(45_000)}${')'.repeat(45_000)}`],
    ['types', `type A = ${'B<'.repeat(30_000)}C${'>'.repeat(30_000)}`],
    ['assertions, which the parser tries both ways', `const x = ${'<T>(a = '.repeat(26)}1${')'.repeat(26)}`],
    ['templates', `const x = ${'`${'.repeat(15_000)}1${'}`'.repeat(15_000)}`],
  ])(
    'is contained, and the next TypeScript runs, where types are taken off: nested %s (code-run/C1)',
    async (_what, code) => {
      const { ran, seconds, peakMb, typed } = await attack(code, { language: 'typescript' })
      expect(ran.ok).toBe(false)
      expect(seconds).toBeLessThan(1.2 * LIMIT_SECONDS)
      expect(peakMb).toBeLessThan(MOST_MB)
      expect(typed).toMatchObject({ ok: true, output: 3 })
    },
  )

  it('is contained where all of the memory is allowed (code-run/C2)', async () => {
    const { ran, peakMb } = await attack('const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))', {
      memoryMb: 128,
    })
    expect(ran.ok).toBe(false)
    expect(peakMb).toBeLessThan(MOST_MB)
  })
})
