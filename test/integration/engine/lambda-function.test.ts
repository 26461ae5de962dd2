import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { LambdaFunction } from '../../../local/lambda/lambda-function.ts'

const folder = mkdtempSync(join(tmpdir(), 'lambda-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const BUNDLE = `
  let calls = 0
  export const handler = async ({ spin, wait = 0, fail, exit, hog, count }, context) => {
    if (count) return ++calls
    if (fail) throw Object.assign(new Error(fail), { name: 'MyError' })
    if (exit) process.exit(3)
    if (hog) { const all = []; for (;;) all.push(new Array(1e6).fill('x')) }
    while (spin) ;
    await new Promise((resolve) => setTimeout(resolve, wait))
    return { id: context.awsRequestId, variable: process.env.MINE, left: context.getRemainingTimeInMillis() }
  }`

let count = 0
function host({ timeoutSeconds = 5, bundle = BUNDLE, memoryMb = 128 } = {}) {
  const entry = join(folder, `bundle-${++count}.mjs`)
  writeFileSync(entry, bundle)
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
  const target = new LambdaFunction({
    name: 'f',
    arn,
    entry,
    handler: 'handler',
    timeoutSeconds,
    memoryMb,
    environment: { MINE: 'yes' },
  })
  onTestFinished(() => target.stop())
  const invoke = (event: object) => target.invoke(JSON.stringify(event))
  return { target, invoke }
}
const errorOf = (errorType: string, errorMessage: unknown = expect.any(String)) => ({
  functionError: expect.objectContaining({ errorType, errorMessage }),
})

describe('a Lambda function', () => {
  it('runs its bundle with its own environment, and reports errors by their own name', async () => {
    const { invoke } = host()
    const outcome = (await invoke({})) as { payload: string }
    expect(JSON.parse(outcome.payload)).toMatchObject({
      variable: 'yes',
      id: expect.any(String),
      left: expect.any(Number),
    })
    expect(await invoke({ fail: 'no' })).toEqual(errorOf('MyError', 'no'))
  })

  it('holds hundreds of waiting invocations at once', async () => {
    const { invoke } = host()
    await invoke({})
    const started = performance.now()
    const outcomes = await Promise.all(Array.from({ length: 300 }, () => invoke({ wait: 200 })))
    expect(outcomes.every((outcome) => 'payload' in outcome)).toBe(true)
    // One after the other they would take a minute.
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('answers each of several invocations that time out in one sandbox (sandbox/L1)', async () => {
    const { invoke } = host({ timeoutSeconds: 0.5 })
    const first = invoke({ wait: 60_000 })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const second = invoke({ wait: 60_000 })
    expect(await first).toEqual(errorOf('Sandbox.Timedout'))
    expect(await second).toEqual(errorOf('Sandbox.Timedout'))
    expect(await invoke({ wait: 1 })).toHaveProperty('payload')
  })

  it('ends a handler that blocks its thread, and runs the other invocations of its sandbox again (sandbox/L2)', async () => {
    const { invoke } = host({ timeoutSeconds: 1 })
    await invoke({})
    const spinning = invoke({ spin: true })
    await new Promise((resolve) => setTimeout(resolve, 600))
    const neighbour = invoke({ wait: 1 })
    expect(await spinning).toEqual(
      errorOf('Sandbox.Timedout', expect.stringMatching(/Task timed out after 1\.00 seconds$/)),
    )
    expect(await neighbour).toHaveProperty('payload')
  })

  it.each([
    ['ends its process', { exit: true }, 'Runtime.ExitError'],
    ['uses more memory than it has', { hog: true }, 'Runtime.OutOfMemory'],
  ])('contains a handler that %s (sandbox/L3)', async (_what, event, name) => {
    const { invoke } = host({ timeoutSeconds: 20 })
    expect(await invoke(event)).toEqual(errorOf(name))
    expect(await invoke({})).toHaveProperty('payload')
  })

  it('reports a bundle that cannot be loaded, and one without its handler (sandbox/L3)', async () => {
    expect(await host({ bundle: 'throw new TypeError("at load")' }).invoke({})).toEqual(
      errorOf('TypeError', 'at load'),
    )
    expect(await host({ bundle: 'export const other = 1' }).invoke({})).toEqual(
      errorOf('Runtime.HandlerNotFound', 'f exports no handler'),
    )
  })

  it('answers running invocations when it is stopped, and runs nothing afterwards (sandbox/L1)', async () => {
    const { target, invoke } = host()
    await invoke({})
    const waiting = invoke({ wait: 60_000 })
    await target.stop()
    expect(await waiting).toEqual(errorOf('Runtime.ExitError', 'the local cloud was stopped'))
    expect(await invoke({})).toEqual(errorOf('Runtime.ExitError', 'the local cloud was stopped'))
  })
})
