import { describe, expect, it } from 'vitest'
import { runCode } from '../../../functions/agents/code-run/run-code.ts'
import { type Ran, RunSchema } from '../../../functions/agents/code-run/schemas.ts'

const run = (code: string, more: object = {}): Promise<Ran> =>
  runCode(RunSchema.parse({ code, ...more }), new AbortController().signal)

describe('code', () => {
  it.each([
    ['a function body', 'return input.n + 1', 4],
    ['an awaited function body', 'const n = await Promise.resolve(input.n); return { n }', { n: 3 }],
    ['a module', 'export default [1, 2].map((n) => n * 2)', [2, 4]],
    [
      'a module with a function',
      'export function add(a, b) { return a + b }\nexport default ({ n }) => add(n, 1)',
      4,
    ],
    ['a module with an async function', 'export default async function main(given) { return given.n }', 3],
    ['a module with a promise', 'export default Promise.resolve(7)', 7],
    ['a class, which is not called', 'export default class A {}', null],
    ['nothing', 'const a = 1', null],
    ['a line of text that looks like a module', 'return `\nexport const a = 1\n`', undefined],
    ['dates as JSON', 'return new Date(0)', '1970-01-01T00:00:00.000Z'],
  ])('gives the output of %s', async (_what, code, output) => {
    const ran = await run(code, { input: { n: 3 } })
    if (output === undefined) expect(ran.error?.name).toBe('SyntaxError')
    else expect(ran).toEqual({ ok: true, output, stdout: '', tests: [] })
  })

  it('of TypeScript runs without its types, and says what has to be more than taken off', async () => {
    const code = 'type N = { n: number }\nexport default ({ n }: N): number => n satisfies number'
    expect(await run(code, { language: 'typescript', input: { n: 2 } })).toMatchObject({
      ok: true,
      output: 2,
    })
    expect(await run('enum A { b }', { language: 'typescript' })).toMatchObject({
      ok: false,
      error: { name: 'SyntaxError', at: 'code', message: expect.stringMatching(/enum/i) },
    })
  })

  it('tells its console, as far as there is room', async () => {
    const code =
      'console.log("a", 1, { b: [2n, null] }); console.error(new TypeError("c")); console.warn(new Map([[1, new Set([2])]]))'
    expect((await run(code)).stdout).toBe('a 1 {b: [2n, null]}\nTypeError: c\nMap [[1, Set [2]]]\n')
    const { ok, stdout } = await run('for (let n = 0; n < 5000; n++) console.log("x".repeat(1000)); return 1')
    expect({ ok, isBounded: stdout.length <= 65_536, isFull: stdout.length > 60_000 }).toEqual({
      ok: true,
      isBounded: true,
      isFull: true,
    })
  })

  it('that throws is an output, with its line and column', async () => {
    expect(await run('const a = 1\nconst b = 2\n  null.x')).toMatchObject({
      ok: false,
      output: null,
      error: { name: 'TypeError', at: 'code', line: 3 },
    })
    expect(await run('const a = 1\nconst = 2')).toMatchObject({
      ok: false,
      error: { name: 'SyntaxError', at: 'code', line: 2 },
    })
    expect(await run('throw "text"')).toMatchObject({ error: { name: 'Error', message: 'it threw text' } })
    expect(await run('return 1n')).toMatchObject({ ok: false, error: { name: 'TypeError' } })
  })

  it('is told what came before its end (code-run/C4)', async () => {
    const tests = 'test("first", () => {}); test("second", () => { console.log("in second"); for (;;); })'
    expect(await run('console.log("begun")', { tests, timeoutSeconds: 1 })).toEqual({
      ok: false,
      output: null,
      stdout: 'begun\nin second\n',
      error: { name: 'TimeoutError', message: expect.stringMatching(/longer than its 1 s/) },
      tests: [{ name: 'first', passed: true }],
    })
  })

  it('ends with its task', async () => {
    const controller = new AbortController()
    const reason = new Error('cancelled')
    setTimeout(() => controller.abort(reason), 100)
    await expect(runCode(RunSchema.parse({ code: 'for (;;);' }), controller.signal)).rejects.toBe(reason)
  })

  it('runs beside other code', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, (_, n) => run(`return ${n}`)))
    expect(all.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('tests', () => {
  const add = 'export function add(a, b) { return a + b }\nconst hidden = 7'

  it.each([
    [
      'in the scope of the code',
      'test("adds", () => { expect(add(1, 2)).toBe(3) })\ntest("sees all", () => { expect(hidden).toBe(7) })',
    ],
    [
      'that import',
      'import { test, expect } from "vitest"\nimport { add } from "./code.js"\ntest("adds", () => { expect(add(1, 2)).toBe(3) })\ntest("sees all", () => {})',
    ],
    [
      'that import from elsewhere',
      'import assert from "node:assert"\nimport { add } from "../src/add.ts"\ntest("adds", () => { assert.equal(add(1, 2), 3) })\ntest("sees all", async () => {})',
    ],
  ])('%s are run', async (_what, tests) => {
    expect(await run(add, { tests })).toEqual({
      ok: true,
      output: null,
      stdout: '',
      tests: [
        { name: 'adds', passed: true },
        { name: 'sees all', passed: true },
      ],
    })
  })

  it('that fail say why', async () => {
    const tests = `
      describe("add", () => {
        it("adds", () => expect(add(1, 2)).toBe(4))
        it("is not text", () => { expect(String(add(1, 2))).not.toEqual("3") })
        it.each([[1, 1, 2], [2, 2, 5]])("row", (a, b, c) => { assert.equal(add(a, b), c) })
        it("rejects", async () => { await expect(Promise.reject(new Error("no"))).rejects.toThrow("no") })
        it("throws", () => { expect(() => { throw new TypeError("bad") }).toThrow(TypeError) })
        it("breaks", () => { undefined.x })
      })`
    const { ok, tests: ran } = await run(add, { tests })
    expect(ok).toBe(false)
    expect(ran).toEqual([
      { name: 'add > adds', passed: false, message: 'Error: expected 3 toBe(4)' },
      { name: 'add > is not text', passed: false, message: 'Error: expected "3" not toEqual("3")' },
      { name: 'add > row [1, 1, 2]', passed: true },
      { name: 'add > row [2, 2, 5]', passed: false, message: 'Error: 4 is not 5' },
      { name: 'add > rejects', passed: true },
      { name: 'add > throws', passed: true },
      { name: 'add > breaks', passed: false, message: expect.stringMatching(/^TypeError: /) },
    ])
  })

  it.each([
    ['none', '// nothing'],
    ['none before a return', 'test("late", () => {})', 'return 1'],
  ])('of which there are %s do not pass', async (_what, tests, code = 'const a = 1') => {
    expect(await run(code, { tests })).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/no test/) },
    })
  })

  it('that are wrong name their own line', async () => {
    expect(await run(add, { tests: '\n\nnull.x' })).toMatchObject({
      error: { name: 'TypeError', at: 'tests', line: 3 },
    })
    const apart = 'import { add } from "./code.js"\n\nnull.x'
    expect(await run(add, { tests: apart })).toMatchObject({
      error: { name: 'TypeError', at: 'tests', line: 3 },
    })
    expect(await run(add, { tests: 'import fs from "node:fs"' })).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/^there is no module "node:fs"/) },
    })
  })

  it.each([
    [
      'toEqual',
      'expect({ a: [1, { b: new Map([[1, new Set([2])]]) }], c: undefined }).toEqual({ a: [1, { b: new Map([[1, new Set([2])]]) }] })',
    ],
    ['not toStrictEqual', 'expect({ a: 1, c: undefined }).not.toStrictEqual({ a: 1 })'],
    ['NaN and -0', 'expect(NaN).toEqual(NaN); expect(0).not.toBe(-0)'],
    ['dates and expressions', 'expect(new Date(1)).toEqual(new Date(1)); expect(/a/g).not.toEqual(/a/i)'],
    ['circles', 'const a = {}; a.a = a; const b = {}; b.a = b; expect(a).toEqual(b)'],
    ['toMatchObject', 'expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } })'],
    ['toBeCloseTo', 'expect(0.1 + 0.2).toBeCloseTo(0.3)'],
    [
      'toContain',
      'expect([1, 2]).toContain(2); expect("abc").toContain("b"); expect([{ a: 1 }]).toContainEqual({ a: 1 })',
    ],
    [
      'toHaveProperty',
      'expect({ a: { b: [1] } }).toHaveProperty("a.b.0", 1); expect({ a: 1 }).not.toHaveProperty("b")',
    ],
    ['toHaveLength', 'expect([1]).toHaveLength(1); expect("ab").toHaveLength(2)'],
    ['resolves', 'await expect(Promise.resolve(1)).resolves.toBe(1)'],
  ])('know %s', async (_what, body) => {
    expect(await run('const a = 1', { tests: `test("it", async () => { ${body} })` })).toMatchObject({
      ok: true,
    })
  })
})

describe('the sandbox', () => {
  it.each([
    'process',
    'require',
    'module',
    'Buffer',
    'fetch',
    'XMLHttpRequest',
    'WebAssembly',
    'SharedArrayBuffer',
    'Atomics',
    'setTimeout',
    'setInterval',
    'queueMicrotask',
    'structuredClone',
    'performance',
    'crypto',
    'navigator',
    'std',
    'os',
    'scriptArgs',
    'print',
    'Worker',
    'importScripts',
    'Deno',
    'Bun',
  ])('has no %s (code-run/C3)', async (name) => {
    expect((await run(`return typeof ${name}`)).output).toBe('undefined')
  })

  it.each([
    ['Function', 'return Function("return 1")()'],
    ['a constructor', 'return (() => {}).constructor("return 1")()'],
    ['an async constructor', 'return await (async () => {}).constructor("return 1")()'],
    ['a generator constructor', 'return [...(function* () {}).constructor("yield 1")()]'],
    ['eval', 'return eval("1")'],
    ['an indirect eval', 'return (0, eval)("1")'],
    ['a module of the host', 'return (await import("node:fs")).readFileSync("/etc/passwd", "utf8")'],
    ['a file', 'return await import("/etc/passwd")'],
    ['an address', 'return await import("https://example.com/x.js")'],
    ['a data address', 'return await import("data:text/javascript,export default 1")'],
  ])('makes no code of text, and reaches no other: %s (code-run/C3)', async (_what, code) => {
    expect((await run(code)).ok).toBe(false)
  })

  it('leaves nothing behind for the next run (code-run/C3)', async () => {
    await run(
      'globalThis.left = 1; try { Array.prototype.left = 1 } catch {}; try { Object.prototype.left = 1 } catch {}',
    )
    expect(await run('return [typeof left, [].left === undefined, ({}).left === undefined]')).toMatchObject({
      output: ['undefined', true, true],
    })
    expect(Reflect.get({}, 'left')).toBeUndefined()
  })

  it('cannot lead the host astray by what it tells it (code-run/C3)', async () => {
    const code = `
      const host = globalThis.sandboxHost
      await host.tested({ toString: 1 }, "yes", null)
      await host.print({ "__proto__": { polluted: 1 } }, 2)
      await host.tested("x".repeat(100000), true)
      return JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": 1}}')`
    const ran = await run(code)
    expect(ran).toMatchObject({ tests: expect.arrayContaining([]) })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(JSON.stringify(ran).length).toBeLessThan(5_000)
  })
})

describe('code that forges its tests (code-run/C5)', () => {
  const TESTS =
    'test("adds", () => { expect(add(1, 2)).toBe(3) })\ntest("equals", () => { expect(pair(1, 2)).toEqual(new Map([[1, 2]])) })'
  const WRONG = 'function add() { return 0 }\nfunction pair() { return new Map() }\n'
  const APART = `import { test, expect } from "vitest"\nimport { add, pair } from "./code.js"\n${TESTS}`
  const OWN = 'test("adds", () => {}); test("equals", () => {});'

  it.each([
    [
      'tells results itself',
      'for (const name of ["adds", "equals"]) globalThis.sandboxHost.tested(name, true, "")',
    ],
    [
      'tells results by what it finds',
      'for (const key of [undefined, "", true, "adds"]) globalThis.sandboxHost.tested(key, "adds", true, "")',
    ],
    ['has an expect of its own', 'const expect = () => new Proxy({}, { get: () => () => {} })'],
    ['has a test of its own', 'function test() {}\nconst it = test'],
    ['replaces the library', 'globalThis.expect = () => ({ toBe() {}, toEqual() {} })'],
    ['defines the library anew', 'Object.defineProperty(globalThis, "test", { value: () => {} })'],
    ['changes the library', 'expect.toBe = assert.equal = () => {}; test.each = () => () => {}'],
    ['changes what tests compare with', 'Object.is = () => true; Array.prototype.every = () => true'],
    ['tests itself, and returns', `${OWN} return 1`],
    ['tests itself, and leaves its function', `${OWN} })(); globalThis.left = () => (async () => {`],
    ['tests itself, and leaves the tests in a text', `${OWN} globalThis.text = \``],
    ['tests itself, and leaves the tests in a comment', `${OWN} /*`],
    ['gives the answer', `${OWN} globalThis.__runResult = '{"own":2,"output":1}'`],
    ['writes JSON its way', `${OWN} globalThis.JSON = { stringify: () => '1,"own":2' }; return 1`],
    [
      'begins the tests itself',
      `try { expect(1).toBe(2) } catch (error) {
        const [name] = /\\.\\/control-\\w+\\.js/.exec(error.stack) ?? ["./control.js"]
        const { begin } = await import(name)
        await begin(({ test }) => { test("adds", () => {}) })
      }
      return 1`,
    ],
    [
      'takes the secret',
      'const { begin, SECRET } = await import("./kit.js"); globalThis.sandboxHost.tested(SECRET, "adds", true); return 1',
    ],
  ])('%s, and fails', async (_what, forged) => {
    for (const code of [`${WRONG}${forged}`, `export ${WRONG.replace('\nf', '\nexport f')}${forged}`])
      for (const tests of [APART, `/* \` */ ${TESTS} /* \` */`]) {
        const { ok, tests: told } = await run(code, { tests, timeoutSeconds: 2 })
        expect({ ok, code, tests }).toMatchObject({ ok: false })
        // What it calls its own tests may pass; none of them stands in for one that fails.
        for (const { name, passed } of told) if (passed) expect(forged, name).toContain(OWN)
      }
  })

  it.each([
    [
      'a map',
      'Object.create(Map.prototype, { size: { value: 1 }, [Symbol.iterator]: { value: function* () {} } })',
      'new Map([[1, 2]])',
    ],
    ['a set', 'Object.create(Set.prototype, { size: { value: 1 } })', 'new Set([1])'],
    ['a date', 'Object.create(Date.prototype, { getTime: { value: () => 5 } })', 'new Date(5)'],
    ['an empty map', 'Object.create(Map.prototype)', 'new Map()'],
  ])('looks like %s, and is none', async (_what, value, expected) => {
    const tests = `test("equals", () => { expect(made()).toEqual(${expected}) })`
    const ran = await run(`const made = () => ${value}`, { tests })
    expect(ran.tests).toMatchObject([{ name: 'equals', passed: false }])
  })

  it('may hold tests of its own beside the others', async () => {
    const code = 'const add = (a, b) => a + b\ntest("own", () => { expect(add(1, 1)).toBe(2) })'
    const names = async (more: object) => (await run(code, more)).tests.map(({ name }) => name)
    expect(await names({})).toEqual(['own'])
    expect(await names({ tests: 'test("adds", () => { expect(add(1, 2)).toBe(3) })' })).toEqual([
      'own',
      'adds',
    ])
  })
})
