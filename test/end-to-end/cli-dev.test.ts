import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startCli as start } from '../support/cloud/start-cli.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('orchestrator dev', () => {
  it('runs the sample, prints one JSON object as the last line, and leaves', async () => {
    const { code, stdout } = await start([
      'dev',
      '--sample',
      '--exit',
      '--json',
      '--data',
      join('.orchestrator', 'test-exit'),
    ]).outcome
    expect(code).toBe(0)
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as object
    expect(last).toMatchObject({
      status: 'succeeded',
      workflow: 'data_report',
      durationMs: expect.any(Number),
      steps: [
        { stepId: 'profile', agentId: 'analysis', status: 'succeeded', durationMs: expect.any(Number) },
        {},
        {},
        {},
        { stepId: 'report' },
      ],
      result: { markdown: expect.stringContaining('1,461 rows') },
    })
  })

  it('serves until Ctrl-C, keeps its tasks, and holds its folder alone', async () => {
    const data = join('.orchestrator', `test-${process.pid}`)
    const args = ['dev', '--data', data, '--port', '0']
    const first = await served(args)
    const { stdout } = await start(['submit', 'simple', '--wait', '--json'], { ORCHESTRATOR_URL: first.url })
      .outcome
    const { taskId } = JSON.parse(stdout) as { taskId: string }
    const second = await start(args).outcome
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('is in use by process') })
    first.child.kill('SIGINT')
    expect((await first.outcome).code).toBe(0)

    const again = await served(args)
    expect((await start(['result', taskId], { ORCHESTRATOR_URL: again.url }).outcome).stdout).toContain('{}')
    again.child.kill('SIGTERM')
    expect((await again.outcome).code).toBe(0)
    rmSync(join(ROOT, data), { recursive: true, force: true })
  })

  it('says which port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.on('listening', resolve))
    const { port } = taken.address() as { port: number }
    const { code, stderr } = await start([
      'dev',
      '--data',
      join('.orchestrator', 'test-port'),
      '--port',
      String(port),
    ]).outcome
    taken.close()
    expect(code).toBe(2)
    expect(stderr).toContain(`port ${port} is in use`)
  })
})

/** Starts the local cloud and waits until it reports that it is running. */
async function served(args: string[]): Promise<ReturnType<typeof start> & { url: string }> {
  const started = start(args)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let printed = ''
  started.child.stdout?.on('data', (text: string) => {
    printed += text
    if (printed.includes('Ctrl-C stops it')) resolve()
  })
  started.child.on('exit', (code) => reject(new Error(`it ended with ${code}`)))
  await promise
  started.child.removeAllListeners('exit')
  return { ...started, url: /API +(http:\/\/localhost:\d+)/.exec(printed)?.[1] ?? '' }
}
