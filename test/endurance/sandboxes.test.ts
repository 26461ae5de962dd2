import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { makeSurroundings } from '../../local/lambda/function-settings.ts'
import { LambdaFunction } from '../../local/lambda/lambda-function.ts'

const folder = mkdtempSync(join(tmpdir(), 'sandboxes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A handler that runs the code in its input. */
const BUNDLE = `
  let runs = 0
  export const handler = async ({ code, wait = 0 }) => {
    runs += 1
    if (code) return await new Function('process', 'return (async () => {' + code + '})()')(process)
    await new Promise((resolve) => setTimeout(resolve, wait))
    return { runs, pid: process.pid }
  }`
const entry = join(folder, 'bundle.mjs')
writeFileSync(entry, BUNDLE)

function host({ timeoutSeconds = 20, memoryMb = 128 } = {}) {
  const surroundings = makeSurroundings()
  const logs: string[] = []
  const target = new LambdaFunction(
    {
      name: 'f',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
      entry,
      handler: 'handler',
      timeoutSeconds,
      memoryMb,
      environment: {},
      onLog: (_name, text) => void logs.push(text),
    },
    surroundings,
  )
  onTestFinished(async () => {
    await target.stop()
    surroundings.sandboxes.stop()
  })
  const invoke = async (event: object) => {
    const outcome = await target.invoke(JSON.stringify(event))
    return 'payload' in outcome
      ? { answer: JSON.parse(outcome.payload) as { pid: number; runs: number } }
      : { errorType: outcome.functionError.errorType, message: outcome.functionError.errorMessage }
  }
  return { target, invoke, logs }
}

/** Ways to end a process, natively or by memory, which no `catch` in the function can prevent. */
const BOMBS: [what: string, code: string, errorType: string, message: RegExp][] = [
  ['aborts', 'process.abort()', 'Runtime.ExitError', /signal: aborted$/],
  [
    'kills itself',
    'process.kill(process.pid, "SIGKILL"); await new Promise(() => {})',
    'Runtime.ExitError',
    /signal: killed$/,
  ],
  [
    'terminates itself',
    'process.kill(process.pid); await new Promise(() => {})',
    'Runtime.ExitError',
    /signal: terminated$/,
  ],
  [
    'crashes',
    'process.kill(process.pid, "SIGSEGV"); await new Promise(() => {})',
    'Runtime.ExitError',
    /signal: segmentation fault$/,
  ],
  ['exits', 'process.exit(7)', 'Runtime.ExitError', /exit status 7$/],
  [
    'throws where nothing catches',
    'setImmediate(() => { throw new RangeError("stray") }); await new Promise(() => {})',
    'RangeError',
    /^stray$/,
  ],
  [
    'fills buffers',
    'const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))',
    'Runtime.OutOfMemory',
    /its 128 MB$/,
  ],
  [
    'fills buffers bit by bit',
    'const all = []; for (;;) { all.push(Buffer.alloc(1e6, 1)); await null }',
    'Runtime.OutOfMemory',
    /its 128 MB$/,
  ],
  ['fills the heap', 'const all = []; for (;;) all.push({ all })', 'Runtime.OutOfMemory', /its 128 MB$/],
  [
    'multiplies a list',
    'let all = [1]; for (;;) all = [...all, ...all]',
    'Runtime.OutOfMemory',
    /its 128 MB$/,
  ],
  [
    'grows a map',
    'const all = new Map(); for (let n = 0; ; n++) all.set(n, n)',
    'Runtime.OutOfMemory',
    /its 128 MB$/,
  ],
  [
    'makes text of bytes',
    'const all = []; for (;;) all.push(Buffer.alloc(1e8, 97).toString("latin1"))',
    'Runtime.OutOfMemory',
    /its 128 MB$/,
  ],
]

describe('a sandbox process', () => {
  it.each(BOMBS)(
    'that %s ends alone, with the name that Lambda gives it (sandbox/L3)',
    async (_what, code, errorType, message) => {
      const { invoke } = host()
      const { answer } = await invoke({})
      const started = performance.now()
      expect(await invoke({ code })).toEqual({ errorType, message: expect.stringMatching(message) })
      expect(performance.now() - started).toBeLessThan(15_000)
      expect((await invoke({})).answer?.pid).not.toBe(answer?.pid)
    },
  )

  it('cannot signal other processes', async () => {
    const { invoke } = host()
    const code =
      'const tried = []; for (const pid of [process.ppid, 1, 0, -1]) { try { process.kill(pid, 0); tried.push(pid) } catch (e) { tried.push(e.code) } } return tried'
    expect(await invoke({ code })).toEqual({ answer: ['EPERM', 'EPERM', 'EPERM', 'EPERM'] })
    expect(await invoke({ code: 'return typeof process.send' })).toEqual({ answer: 'undefined' })
  })

  it('limits the size of answers as Lambda does', async () => {
    const { invoke } = host()
    expect(await invoke({ code: 'return "x".repeat(6 * 1024 * 1024)' })).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      message: expect.stringMatching(/^Response payload size exceeded maximum allowed payload size/),
    })
    expect(await invoke({ code: 'throw new Error("x".repeat(1e7))' })).toMatchObject({
      message: expect.stringMatching(/^x{32768}$/),
    })
  })

  it('that dies with several invocations in it fails the one that caused it; the others run again, each in its own sandbox (sandbox/L4, sandbox/L5)', async () => {
    const { invoke } = host()
    const { answer } = await invoke({})
    const neighbours = Array.from({ length: 4 }, () => invoke({ wait: 300 }))
    const guilty = await invoke({ code: 'process.abort()' })
    expect(guilty).toMatchObject({ errorType: 'Runtime.ExitError' })
    const pids = (await Promise.all(neighbours)).map((outcome) => outcome.answer?.pid)
    expect(new Set([answer?.pid, ...pids]).size).toBe(5)
    expect((await invoke({})).answer?.runs).toBeGreaterThan(0)
  })

  it('that exceeds its memory with several invocations in it fails only the one that used it (sandbox/L4)', async () => {
    const { invoke } = host()
    await invoke({})
    const neighbours = Array.from({ length: 3 }, () => invoke({ wait: 500 }))
    const code =
      'const all = []; for (;;) { all.push(Buffer.alloc(1e7, 1)); await new Promise(setImmediate) }'
    expect(await invoke({ code })).toMatchObject({ errorType: 'Runtime.OutOfMemory' })
    for (const outcome of await Promise.all(neighbours)) expect(outcome).toHaveProperty('answer')
  })

  it.each([
    ['aborts', 'process.abort()', 'Runtime.ExitError'],
    ['exits', 'process.exit(3)', 'Runtime.ExitError'],
    ['is out of memory', 'const all = []; for (;;) all.push({ all })', 'Runtime.OutOfMemory'],
    ['computes without end', 'for (;;);', 'Sandbox.Timedout'],
  ])('keeps what was logged before it %s, also in the same turn', async (_what, code, errorType) => {
    const { invoke, logs } = host(errorType === 'Sandbox.Timedout' ? { timeoutSeconds: 3 } : {})
    await invoke({})
    expect(await invoke({ code: `console.log("last"); console.error("words"); ${code}` })).toMatchObject({
      errorType,
    })
    await expect.poll(() => logs.join('')).toMatch(/last\n(.|\n)*words\n/)
  })

  it('tells an exit with its last lines', async () => {
    const { target } = host()
    const payload = JSON.stringify({ code: 'console.log("one"); console.error("two"); process.exit(3)' })
    expect(await target.invoke(payload)).toEqual({
      functionError: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/exit status 3$/),
        trace: ['one', 'two'],
      },
    })
  })

  it.each([
    ['an error', 'new TypeError("lost")', /^TypeError: lost$/],
    ['a text', '"lost"', /^lost$/],
    ['nothing', '', /^undefined$/],
    ['what has no text', 'Object.create(null)', /^\[object Object\]$/],
  ])('ends at an unhandled rejection with %s, as on Lambda', async (_what, reason, message) => {
    const { target, logs } = host()
    const code = `console.log("before"); Promise.reject(${reason}); await new Promise(() => {})`
    const outcome = await target.invoke(JSON.stringify({ code }))
    expect(outcome).toEqual({
      functionError: {
        errorType: 'Runtime.UnhandledPromiseRejection',
        errorMessage: expect.stringMatching(message),
        trace: expect.any(Array),
      },
    })
    if (reason.startsWith('new')) expect(JSON.stringify(outcome)).toContain('    at ')
    expect(logs.join('')).toMatch(/before\n(.|\n)*unhandled rejection/)
  })

  it('does not outlive the local cloud, not even one that computes without end', async () => {
    const life = join(folder, 'life.ts')
    const module = new URL('../../local/lambda/lambda-function.ts', import.meta.url).href
    writeFileSync(
      life,
      `import { LambdaFunction } from ${JSON.stringify(module)}
      const target = new LambdaFunction({ name: 'f', arn: 'a', entry: ${JSON.stringify(entry)}, handler: 'handler',
        timeoutSeconds: 60, memoryMb: 128, environment: {} })
      const { payload } = await target.invoke('{}')
      console.log(JSON.parse(payload).pid)
      void target.invoke(JSON.stringify({ code: 'for (;;);' }))
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)`,
    )
    let printed = ''
    try {
      printed = execFileSync(process.execPath, [life], { encoding: 'utf8' })
    } catch (error) {
      printed = (error as { stdout: string }).stdout
    }
    const pid = Number(printed)
    expect(pid).toBeGreaterThan(1)
    await expect
      .poll(
        () => {
          try {
            return process.kill(pid, 0)
          } catch {
            return false
          }
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBe(false)
  })
})
