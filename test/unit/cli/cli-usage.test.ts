import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../../cli/program.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'usage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const ID = `t_${'0'.repeat(26)}`
const RIGHT_TIME = 'a time is ISO 8601 with its zone, such as 2026-12-24T18:00:00Z'

describe('the command line', () => {
  it('loads only the command that a call names', async () => {
    const names = async (...args: string[]): Promise<string[]> =>
      (await createProgram(args)).commands.map((command) => command.name())
    expect(await names('list', '--limit', '3')).toEqual(['list'])
    const all = await names()
    expect(all.length).toBeGreaterThan(15)
    for (const args of [['--help'], ['help', 'list'], ['lisst'], ['constructor']])
      expect(await names(...args)).toEqual(all)
  })
})

describe('completion', () => {
  const completed = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await runCli(['complete', '--', ...args], { ORCHESTRATOR_URL: url })
    return stdout.trim().split('\n')
  }
  const page = (path: string): object => {
    if (path.includes('/agents')) return { agents: [makeAgent({ id: 'writer' })] }
    if (path.includes('/workflows')) return { workflows: [] }
    const named = { taskId: ID, status: 'running', workflow: { name: 'simple', version: 1 } }
    const execution = { name: 'x', arn: 'x', stateMachineArn: 'x' }
    return {
      tasks: [{ ...named, createdAt: '2026-11-28T12:34:56.000Z', metadata: {}, links: {}, execution }],
    }
  }
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(page(request.url ?? '')))
  })
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it('completes commands, options and ids of tasks', async () => {
    expect(await completed('statu')).toEqual(['status\tShow a task and its steps', ':4'])
    expect(await completed('status', '--wa')).toEqual(['--watch\tfollow it to its end', ':4'])
    expect(await completed('status', '')).toEqual([`${ID}\tsimple, running`, ':4'])
  })

  it('completes what subcommands take', async () => {
    expect(await completed('agents', 'reset', '')).toEqual([expect.stringMatching(/^writer\t/), ':4'])
  })

  it('leaves files to the shell, and is silent without an API', async () => {
    expect(await completed('validate', '')).toEqual([':0'])
    url = 'http://127.0.0.1:1'
    expect(await completed('status', '')).toEqual([':4'])
  })

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('orchestrator complete --')
  })
})

describe('a command line that is wrong', () => {
  it.each<[message: string, args: string[]]>([
    ["unknown command 'lisst'\n(Did you mean list?)", ['lisst']],
    ["unknown option '--statsu'\n(Did you mean --status?)", ['list', '--statsu', 'failed']],
    ["unknown option '--agent'", ['list', '--agent', 'x']],
    [
      '--from is "yesterday"; it is how long ago, such as 90s, 2h or 7d, or a time',
      ['list', '--from', 'yesterday'],
    ],
    ['--metadata is name=value; this is "team"', ['list', '--metadata', 'team']],
    ['"T_X" is not the beginning of a task id', ['list', 'T_X']],
    ["missing required argument 'taskId'", ['status']],
    ["missing required argument 'stepId'", ['approve', ID]],
    ["too many arguments for 'cancel'", ['cancel', ID, ID]],
    ["option '--at <time>' argument missing", ['fork', ID, '--at']],
    ['"nope" is no task id, which is t_ and 26 characters', ['status', 'nope']],
    ['"" is no task id', ['result', '']],
    [`"${ID.toUpperCase()}" is no task id`, ['cancel', ID.toUpperCase()]],
    ['--status: there is no "fialed"; did you mean "failed"', ['list', '--status', 'fialed']],
    ['--limit is a whole number from 1 to 100; this is "0"', ['list', '--limit', '0']],
    ['--limit is a whole number from 1 to 100; this is "1e1"', ['list', '-n', '1e1']],
    ['--limit is a whole number from 1 to 100; this is ""', ['list', '--limit', '']],
    [`--at is "yesterday"; ${RIGHT_TIME}`, ['fork', ID, '--at', 'yesterday']],
    [`--at is "2026-11-24"; ${RIGHT_TIME}`, ['fork', ID, '--at', '2026-11-24']],
    [`--at is "2026-02-30T09:30:00Z"; ${RIGHT_TIME}`, ['fork', ID, '--at', '2026-02-30T09:30:00Z']],
    [`--at is "1960-01-01T00:00:00Z"; ${RIGHT_TIME}`, ['fork', ID, '--at', '1960-01-01T00:00:00Z']],
    [`--at is ""; ${RIGHT_TIME}`, ['fork', ID, '--at', '']],
    [
      '--at is given twice; it takes one value',
      ['fork', ID, '--at', '2026-01-01T00:00:00Z', '--at', '2026-01-01T00:00:00Z'],
    ],
    [
      '--at and --after both say a time; give one of them',
      ['fork', ID, '--at', '2026-01-01T00:00:00Z', '--after', 'a'],
    ],
    ['--agent is step=agent; this is "report"', ['fork', ID, '--agent', 'report']],
    ['--agent is step=agent; this is "=x"', ['retry', ID, '--agent', '=x']],
    ['--agent says "a" twice; say it once', ['retry', ID, '--agent', 'a=x', '--agent', 'a=y']],
    ['--step-input a is not JSON', ['fork', ID, '--step-input', 'a={x']],
    ['--step-input says "a" twice', ['retry', ID, '-s', 'a=1', '-s', 'a=2']],
    ['/nope.yaml cannot be read', ['retry', ID, '--workflow', '/nope.yaml']],
    ['--input is not JSON', ['submit', 'simple', '--input', '{oops']],
    ['there is no file with an empty name', ['submit', 'simple', '--input', '@']],
    ['--input is given twice', ['submit', 'simple', '--input', '{}', '-i', '{}']],
    ['--file is name=path, e.g. source=./my.csv; this is "mine.csv"', ['submit', 'x', '--file', 'mine.csv']],
    ['there is no file or folder "/nope.csv"', ['submit', 'x', '--file', 'source=/nope.csv']],
    [
      '--file adds members to the input, so --input must be a JSON object',
      ['submit', 'x', '-i', '[]', '-f', 'a=/x'],
    ],
    ['the input of a goal is a JSON object', ['do', 'something', '-i', '[]']],
    ['--review-above is a number from 0 on; this is "x"', ['do', 'something', '--review-above', 'x']],
    ['give one of a workflow and --goal', ['plan']],
    ['give one of a workflow and --goal', ['plan', 'simple', '--goal', 'x']],
    ['--mermaid says nothing with --goal', ['plan', '--goal', 'x', '--mermaid']],
    ['"/dev/null" is neither a file nor a folder', ['upload', '/dev/null']],
    ['there is no file or folder ""', ['upload', '']],
    ['--budget is a number from 0 on; this is "-1"', ['submit', 'simple', '--budget', '-1']],
    ['--budget is a number from 0 on; this is "0x10"', ['submit', 'simple', '--budget', '0x10']],
    [
      '--tokens is a whole number from 0 to 1000000000000; this is "1.5"',
      ['submit', 'simple', '--tokens', '1.5'],
    ],
    ['--priority is a whole number from 0 to 9; this is "10"', ['submit', 'simple', '--priority', '10']],
    [
      '--deadline is a number with s, m, h or d, e.g. 90s or 10m; this is "soon"',
      ['submit', 'simple', '--deadline', 'soon'],
    ],
    ['there is no file "./nope"', ['plan', './nope']],
    ['/nope.yaml cannot be read', ['validate', '/nope.yaml']],
    ['/ cannot be read: EISDIR', ['compile', '/']],
    ['say which task, or --all: one of the two', ['kill']],
    ['say which task, or --all: one of the two', ['kill', ID, '--all']],
    ['--port is a whole number from 0 to 65535; this is "http"', ['dev', '--port', 'http']],
    ['--port is a whole number from 0 to 65535; this is ""', ['dev', '--port', '']],
    ['--log-size is a number of MB from 0.01 to 10000; this is "big"', ['dev', '--log-size', 'big']],
    ['--data is the name of a folder; this is ""', ['dev', '--data', '']],
    [
      '--data: "/proc/x" cannot be a folder for tasks: no folder can be made there (ENOENT)',
      ['dev', '--exit', '--data', '/proc/x'],
    ],
    [
      '--data: "/dev/null/y" cannot be a folder for tasks: a file stands where',
      ['dev', '--exit', '--data', '/dev/null/y'],
    ],
  ])('is refused before anybody is asked: %s', async (message, args) => {
    const nobody = { ORCHESTRATOR_URL: 'http://127.0.0.1:1' }
    const told = await runCli(args, nobody)
    expect({ code: told.code, stdout: told.stdout }).toEqual({ code: 2, stdout: '' })
    expect(told.stderr).toContain(`error: ${message}`)
    const asJson = await runCli(args.toSpliced(1, 0, '--json'), nobody)
    expect({ code: asJson.code, stdout: asJson.stdout }).toEqual({ code: 2, stdout: '' })
    expect(JSON.parse(asJson.stderr)).toEqual({ title: 'Error', detail: expect.stringContaining(message) })
  })

  it('is none where an option takes several values', async () => {
    const { requests, told } = await asking(answer(404, '{}'), ['evaluate', 'simple', '--from-task', ID, ID])
    expect({ code: told.code, asked: requests.length > 0 }).toEqual({ code: 3, asked: true })
  })

  it('keeps steps that are named like members every object inherits', async () => {
    const { requests, told } = await asking(answer(404, '{}'), [
      ...['fork', ID, '--agent', '__proto__=echo', '--step-input', 'constructor=1'],
    ])
    expect(told.code).toBe(3)
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(
      JSON.parse('{"redo":[],"steps":{"__proto__":{"agent":"echo"},"constructor":{"input":1}}}'),
    )
  })
})

describe('a server that is no orchestrator', () => {
  const problem = (status: number) =>
    JSON.stringify({ type: 'x', title: 'Internal', status, detail: 'it broke', requestId: 'r-1' })

  it.each<[what: string, listener: RequestListener, message: string]>([
    ['HTML', answer(200, '<html>hello</html>'), "did not answer with JSON; is it the orchestrator's API?"],
    ['nothing', answer(200, ''), "did not answer with JSON; is it the orchestrator's API?"],
    [
      'JSON of another kind',
      answer(200, '{"tasks":7}'),
      "answered what the orchestrator's API of this version does not: tasks: ",
    ],
    [
      'HTML that it has not found',
      answer(404, '<html>\n\n  not\u001b[2J here</html>'),
      "answered 404, and not as the orchestrator's API does: <html> not\ufffd[2J here</html>",
    ],
    ['a megabyte of failure', answer(502, 'x'.repeat(1_000_000)), 'characters left out'],
    ['a way elsewhere', answer(302, ''), "answered 302, and not as the orchestrator's API does: nothing"],
    [
      'a failure of its own',
      answer(500, problem(500)),
      'the API has failed (500): it broke; its logs have it as request r-1',
    ],
    [
      'half an answer',
      (_request, response) =>
        void response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
      'cannot be reached (',
    ],
    ['no answer', (request) => void request.socket.destroy(), 'cannot be reached ('],
  ])('is told from one: %s', async (_what, listener, message) => {
    const { told } = await asking(listener, ['list'])
    expect(told).toMatchObject({ code: 3, stdout: '' })
    expect(told.stderr).toContain(message)
    expect(told.stderr.length).toBeLessThan(700)
    const { told: asJson } = await asking(listener, ['list', '--json'])
    expect(asJson).toMatchObject({ code: 3, stdout: '' })
    expect(JSON.parse(asJson.stderr)).toHaveProperty('detail')
  })

  it.each(['localhost:8000', 'ftp://localhost', 'nonsense'])('is not asked at %s', async (url) => {
    const { code, stderr } = await runCli(['list'], { ORCHESTRATOR_URL: url })
    expect(code).toBe(2)
    expect(stderr).toContain(
      `ORCHESTRATOR_URL is "${url}", which is not a URL; an example is http://localhost:8000`,
    )
  })
})

it('validates a file into JSON on standard output, whether it is right or wrong', async () => {
  const wrong = await runCli(['validate', file('w.yaml', 'name: w\nsteps: {}\n'), '--json'])
  expect({ ...wrong, stdout: JSON.parse(wrong.stdout).valid }).toEqual({ code: 2, stdout: false, stderr: '' })
})

describe('approvals', () => {
  const open = { taskId: ID, stepId: 'each[0].ask', workflow: { name: 'w', version: 1 }, prompt: 'Go?' }
  const times = { requestedAt: '2026-11-28T12:00:00.000Z', expiresAt: '2026-11-29T12:00:00.000Z' }

  it.each([
    [{ choices: ['yes, please', 'no'] }, `--decision 'yes, please'`],
    [{ choices: ['yes', 'no'], approvers: ['ada'] }, `--decision yes --by ada`],
  ])('print the command that answers: %j', async (more, command) => {
    const links = { task: '', answer: '' }
    const approval = { ...open, ...times, metadata: {}, links, ...more }
    const listener = answer(200, JSON.stringify({ approvals: [approval] }))
    const { told } = await asking(listener, ['approvals'])
    expect(told.stdout.replaceAll(/\s+/g, ' ')).toContain(
      `npx orchestrator approve ${ID} 'each[0].ask' \\ ${command} --expires ${times.expiresAt}`,
    )
  })
})

describe('a workflow file with a misspelt field', () => {
  const inputSchema = { type: 'object', required: ['text'], properties: { text: { type: 'string' } } }
  const capability = { name: 'say', description: 'say', inputSchema, outputSchema: {} }
  const agents = [{ ...makeAgent({ id: 'sayer' }), capabilities: [capability] }]
  const listener = answer(200, JSON.stringify({ agents }))
  const path = file('typed.yaml', 'name: t\nsteps:\n  a: { capability: say, input: { txt: hello } }\n')

  it('is refused after a comparison with the agents of the API', async () => {
    const { told, requests } = await asking(listener, ['validate', path])
    expect(requests.map(({ url }) => url)).toEqual(['/api/v1/agents'])
    expect(told).toMatchObject({ code: 2, stdout: '' })
    expect(told.stderr).toMatch(
      /typed\.yaml:3:34: steps\.a\.input\.txt:\s+there\s+is\s+no\s+"txt";\s+did\s+you\s+mean\s+"text"/,
    )
  })

  it('is valid with a warning under --lenient', async () => {
    const { told } = await asking(listener, ['validate', path, '--lenient'])
    expect(told).toMatchObject({ code: 0, stdout: 'valid: t v1\n' })
    expect(told.stderr).toMatch(/^warning: [\s\S]*steps\.a\.input\.txt:\s+there\s+is\s+no\s+"txt"/)
  })

  it('is not checked against agents without an API, and the user is told so', async () => {
    const offline = await asking(listener, ['validate', path, '--offline'])
    const wouldFail = expect.stringMatching(/^valid, but it would fail as things are: t v1: one step asks/)
    expect(offline).toMatchObject({ requests: [], told: { code: 0, stdout: wouldFail } })
    const nowhere = await runCli(['validate', path], { ORCHESTRATOR_URL: 'http://127.0.0.1:1' })
    expect(nowhere).toMatchObject({ code: 0, stdout: wouldFail })
    expect(nowhere.stderr).toMatch(/^not checked against agents of the API: /m)
  })
})

function answer(status: number, body: string): RequestListener {
  return (_request, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end(body)
}

/** The command's output, and the requests that the server got. */
async function asking(listener: RequestListener, args: string[]) {
  const requests: { url: string | undefined; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await Array.fromAsync(request.setEncoding('utf8'))
    requests.push({ url: request.url, body: body.join('') })
    listener(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const told = await runCli(args, { ORCHESTRATOR_URL: `http://127.0.0.1:${port}` })
  server.closeAllConnections()
  server.close()
  return { requests, told }
}
