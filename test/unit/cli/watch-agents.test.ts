import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CliError, EXIT } from '../../../cli/cli-error.ts'
import { withFailure } from '../../../cli/show/watch-table.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'

it('keeps the last table on a terminal, below since when and why the API does not answer', () => {
  const error = new CliError('connection refused', EXIT.unreachable)
  const since = new Date(2026, 10, 28, 12, 34, 56)
  const [told, ...kept] = withFailure(['agent  calls', 'echo   1'], { since, error })
  expect(told).toContain('the API does not answer since 12:34:56: connection refused')
  expect(kept).toEqual(['agent  calls', 'echo   1'])
  expect(withFailure(kept, undefined)).toBe(kept)
})

const BIN = join(import.meta.dirname, '../../../bin/orchestrator.mjs')

describe('agents --watch', { timeout: 60_000 }, () => {
  let status = 200
  let id = 'first'
  const server = createServer((_, response) => {
    const agents = [makeAgent({ id })]
    const problem = { type: 'urn:orchestrator:InternalError', title: 'Error', status, detail: 'out of order' }
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(status === 200 ? { agents } : problem))
  })
  let url: string
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  /** The command, and what it has printed since `seen` last resolved. */
  function watch(to: string) {
    const child = spawn(process.execPath, [BIN, 'agents', '--watch'], {
      env: { ...process.env, ORCHESTRATOR_URL: to, NO_COLOR: '1', COLUMNS: '80' },
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    const seen = async (text: RegExp): Promise<string> => {
      while (!text.test(printed)) await once(child.stdout, 'data')
      const until = printed
      printed = ''
      return until
    }
    return { child, seen, ended: once(child, 'close'), printed: () => printed }
  }

  it('goes on while the API fails, says since when, and ends with 130 at Ctrl-C', async () => {
    const { child, seen, ended } = watch(url)
    await seen(/first/)
    status = 500
    await seen(/the API does not answer since \d\d:\d\d:\d\d: .*\n/)
    id = 'second'
    status = 200
    const meanwhile = await seen(/second/)
    // The reason is told once where nothing is redrawn.
    expect(meanwhile).not.toMatch(/does not answer/)
    status = 403
    await seen(/the API refuses this since \d\d:\d\d:\d\d: out of order/)
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
  })

  it('ends with 3 where there has been no answer yet', async () => {
    const { ended, printed } = watch('http://127.0.0.1:1')
    expect(await ended).toEqual([3, null])
    expect(printed()).toContain('127.0.0.1:1')
  })
})
