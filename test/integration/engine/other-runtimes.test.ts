import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { LambdaFunction } from '../../../local/lambda/lambda-function.ts'
import { hasPython } from '../../support/cloud/has-python.ts'

const folder = mkdtempSync(join(tmpdir(), 'runtimes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HANDLER = `
import os, sys, time
calls = 0

class TooOld(Exception):
    pass

def handler(event, context):
    global calls
    calls += 1
    if event.get('fail'): raise TooOld(event['fail'])
    if event.get('exit'): os._exit(3)
    if event.get('kill'): os.kill(os.getpid(), 9)
    hog = bytearray(event.get('hog', 0) * 1024 * 1024)
    for at in range(0, len(hog), 4096): hog[at] = 1
    time.sleep(30 if hog else event.get('wait', 0))
    print('said', event.get('word', 'nothing'))
    return {
        'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis(), 'name': context.function_name,
        'variable': os.environ['MINE'], 'calls': calls, 'letters': 'grüße', 'process': os.getpid(),
    }
`

let count = 0
function host({ code = HANDLER, handler = 'app.handler', timeoutSeconds = 10, runtime = 'python3.13' } = {}) {
  const entry = join(folder, String(++count))
  mkdirSync(entry)
  writeFileSync(join(entry, 'app.py'), code)
  const logs: string[] = []
  const target = new LambdaFunction({
    name: 'f',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    entry,
    handler,
    runtime,
    timeoutSeconds,
    memoryMb: 128,
    environment: {
      MINE: 'yes',
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    },
    onLog: (_name, text) => void logs.push(text),
  })
  onTestFinished(() => target.stop())
  const invoke = async (event: object = {}) => {
    const outcome = await target.invoke(JSON.stringify(event))
    const told: Record<string, unknown> = 'payload' in outcome ? JSON.parse(outcome.payload) : outcome
    return told
  }
  return { target, invoke, logs, entry }
}
const errorOf = (errorType: string, errorMessage: unknown = expect.any(String)) => ({
  functionError: expect.objectContaining({ errorType, errorMessage }),
})
const isAlive = (pid: unknown): boolean => {
  try {
    process.kill(Number(pid), 0)
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasPython())('a function of Python', () => {
  it('is called with its event and context, stays warm, and its output is logged (interface/I2)', async () => {
    const { invoke, logs } = host()
    const first = await invoke({ word: 'hello' })
    expect(first).toMatchObject({ name: 'f', variable: 'yes', calls: 1, letters: 'grüße' })
    expect(first.left).toBeGreaterThan(5_000)
    expect(await invoke()).toMatchObject({ calls: 2, process: first.process })
    await expect.poll(() => logs.join('')).toContain('said hello\n')
  })

  it('reports exceptions by their names, and goes on', async () => {
    const { invoke } = host()
    expect(await invoke({ fail: 'before 1990' })).toEqual(errorOf('TooOld', 'before 1990'))
    expect(await invoke()).toMatchObject({ calls: 2 })
  })

  it.each([
    ['exit', 'Runtime exited with error: exit status 3'],
    ['kill', 'Runtime exited with error: signal: killed'],
  ])('fails alone where its process ends: %s (interface/I1)', async (how, message) => {
    const { invoke } = host()
    const other = invoke({ wait: 0.5 })
    expect(await invoke({ [how]: true })).toEqual(
      errorOf('Runtime.ExitError', expect.stringContaining(message)),
    )
    expect(await other).toMatchObject({ variable: 'yes' })
    expect(await invoke()).toMatchObject({ variable: 'yes' })
  })

  it('has one event at a time in each process (interface/I1)', async () => {
    const { invoke } = host()
    const outcomes = (await Promise.all([1, 2, 3].map(() => invoke({ wait: 1 })))) as { process: number }[]
    expect(new Set(outcomes.map((one) => one.process)).size).toBe(3)
  })

  it('tells why it cannot be loaded', async () => {
    expect(await host({ code: 'import nothing_like_it' }).invoke()).toEqual(
      errorOf('ModuleNotFoundError', "No module named 'nothing_like_it'"),
    )
    expect(await host({ handler: 'app.other' }).invoke()).toEqual(errorOf('AttributeError'))
  })

  it('times out as others, and serves the next event', async () => {
    const { invoke } = host({ timeoutSeconds: 1 })
    expect(await invoke({ wait: 30 })).toEqual(errorOf('Sandbox.Timedout'))
    expect(await invoke()).toMatchObject({ variable: 'yes' })
  })

  it('is ended where it takes more memory than it has (interface/I1)', async () => {
    const { invoke } = host({ timeoutSeconds: 30 })
    expect(await invoke({ hog: 2_000 })).toEqual(errorOf('Runtime.OutOfMemory'))
    expect(await invoke()).toMatchObject({ calls: 1 })
  })

  it('ends with its function (interface/I2)', async () => {
    const { invoke, target } = host()
    const { process } = (await invoke()) as { process: number }
    expect(isAlive(process)).toBe(true)
    await target.stop()
    await expect.poll(() => isAlive(process)).toBe(false)
  })
})

describe('a function of a runtime of its own', () => {
  it('is its bootstrap, which asks the runtime API', async () => {
    const { invoke, entry } = host({ runtime: 'provided.al2023' })
    const bootstrap = `#!${process.execPath}
      const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
      for (;;) {
        const next = await fetch(api + 'next')
        const event = await next.json()
        const id = next.headers.get('lambda-runtime-aws-request-id')
        await fetch(api + id + '/response', { method: 'POST', body: JSON.stringify({ doubled: 2 * event.n }) })
      }`
    writeFileSync(join(entry, 'package.json'), '{"type":"module"}')
    writeFileSync(join(entry, 'bootstrap'), bootstrap)
    chmodSync(join(entry, 'bootstrap'), 0o755)
    expect(execFileSync('test', ['-x', join(entry, 'bootstrap')])).toBeDefined()
    expect(await invoke({ n: 21 })).toEqual({ doubled: 42 })
  })

  it('says so where it has none', async () => {
    const { invoke } = host({ runtime: 'provided.al2023' })
    expect(await invoke()).toEqual(
      errorOf('Runtime.ExitError', expect.stringContaining('could not be started')),
    )
  })
})
