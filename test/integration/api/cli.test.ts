import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SharedApi, sharedApi } from '../../support/cloud/shared-api.ts'
import { type Outcome, startCli as start } from '../../support/cloud/start-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
let api: SharedApi
beforeAll(async () => {
  api = await sharedApi()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cli = (...args: string[]): Promise<Outcome> => start(args, { ORCHESTRATOR_URL: api.apiUrl }).outcome

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('orchestrator', () => {
  it('submits, waits and shows the result', async () => {
    const { code, stdout } = await cli('submit', 'simple', '--input', '{"message":"hello"}', '--wait')
    expect(code).toBe(0)
    expect(stdout).toMatch(/echo: succeeded \(echo, [\d.]+ m?s\)/)
    expect(stdout).toContain('"message": "hello"')
  })

  it('uploads a file, shows the report, and writes it with its charts', async () => {
    const path = file('mine.csv', 'day,n\n2026-01-01,1\n2026-01-02,3\n2026-01-03,2\n')
    const { code, stdout } = await cli(
      'submit',
      'data_report',
      '--file',
      `source=${path}`,
      '--wait',
      '--json',
    )
    expect(code).toBe(0)
    const task = JSON.parse(stdout) as { taskId: string; status: string }
    expect(task.status).toBe('succeeded')
    await cli('result', task.taskId, '--out', join(folder, 'report'))
    expect(readFileSync(join(folder, 'report/report.md'), 'utf8')).toContain('3 rows, 2 columns')
    expect(readFileSync(join(folder, 'report/chart-1.svg'), 'utf8')).toMatch(/^<svg/)
  })

  it('uploads a folder as one corpus', async () => {
    file('a.md', '# Retries\n\nA failed call is retried with exponential backoff and full jitter, always.')
    file(
      'b.html',
      '<html><body><h1>Queues</h1><p>A queue absorbs bursts, so that consumers are not overrun by them.</p><script>alert(1)</script></body></html>',
    )
    const { stdout, code } = await cli(
      'submit',
      'research',
      '--file',
      `corpus=${folder}`,
      '--input',
      '{"query":"bursts"}',
      '--wait',
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      result: { passages: [{ source: 'b.html', heading: 'Queues' }] },
    })
  })

  it('follows, lists, plans, and shows agents and workflows', async () => {
    const { stdout: submitted } = await cli('submit', 'simple', '--json')
    const { taskId } = JSON.parse(submitted) as { taskId: string }
    expect((await cli('status', taskId, '--watch')).stdout).toContain('succeeded')
    expect((await cli('status', taskId)).stdout).toMatch(/✔ echo/)
    expect((await cli('list', '--limit', '1')).stdout).toContain(taskId)
    expect((await cli('agents')).stdout).toMatch(/research +2\.1\.0 +active +closed +research\.search/)
    expect((await cli('workflows')).stdout).toContain('data_report')
    expect((await cli('workflows', 'research')).stdout).toMatch(
      /query {2}string, required\n {2}limit {2}integer, default 8/,
    )
    expect((await cli('agents', 'research')).stdout).toMatch(/limit {2}integer, default 8/)
    const plan = await cli('plan', 'data_report')
    expect(plan.stdout).toContain('critical path: profile -> ')
    expect(plan.stdout).toMatch(/estimate: \d.* \(nine in ten below .*\), [\d.]+ USD/)
  })

  it('validates and compiles files without an API', async () => {
    const good = file('good.yaml', 'name: good\nsteps:\n  a: { capability: echo }\n')
    const bad = file('bad.yaml', 'name: bad\nsteps:\n  a: { capability: echo, needs: [b] }\n  c: {}\n')
    const nowhere = { ORCHESTRATOR_URL: 'http://localhost:1' }
    expect(await start(['validate', good], nowhere).outcome).toMatchObject({
      code: 0,
      stdout: 'valid: good v1\n',
    })
    const refused = await start(['validate', bad, '--json'], nowhere).outcome
    expect(refused.code).toBe(2)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      valid: false,
      issues: [{ path: 'steps.c' }, { path: 'steps.a.needs[0]' }],
    })
    const compiled = await start(['compile', good, '--json'], nowhere).outcome
    expect(JSON.parse(compiled.stdout)).toMatchObject({
      definition: { StartAt: 'a', QueryLanguage: 'JSONata' },
      gates: [],
      counts: { steps: 1 },
    })
  })

  it.each<[string, string[], number, RegExp]>([
    ['a typo in a command', ['lisst'], 2, /Did you mean list/],
    ['an unknown task type', ['submit', 'datareport'], 2, /did you mean "data_report"/],
    [
      'a file that is not there',
      ['submit', 'data_report', '--file', 'source=/nope.csv'],
      2,
      /no file or folder "\/nope\.csv"/,
    ],
    [
      'a capability that nobody offers',
      ['agents', '--capability', 'analysis.trend'],
      2,
      /no agent offers "analysis\.trend"; did you mean "analysis\.trends"/,
    ],
    ['an unknown task', ['status', `t_${'0'.repeat(26)}`], 2, /there is no task/],
    [
      'a task that fails',
      ['submit', 'analysis', '--input', '{"source":"a,b\\n\\"x"}', '--wait'],
      1,
      /is not CSV/,
    ],
  ])('ends %s with a message and a code', async (_what, args, code, message) => {
    const outcome = await cli(...args)
    expect(outcome.code).toBe(code)
    expect(outcome.stderr).toMatch(message)
  })

  it('says so when the API cannot be reached', async () => {
    const { code, stderr } = await start(['list'], { ORCHESTRATOR_URL: 'http://localhost:1' }).outcome
    expect(code).toBe(3)
    expect(stderr).toContain('http://localhost:1 cannot be reached')
  })

  it('prints problems as JSON for scripts', async () => {
    const { stderr } = await cli('status', `t_${'0'.repeat(26)}`, '--json')
    expect(JSON.parse(stderr)).toMatchObject({ status: 404, type: 'urn:orchestrator:NotFoundError' })
  })

  it('gives help with examples', async () => {
    const { code, stdout } = await cli('submit', '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('orchestrator submit data_report --file source=./my.csv --wait')
  })
})
