import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadCatalogue } from '../../../infra/load-catalogue.ts'
import type { ModelView } from '../../../shared/contracts/model-views.ts'
import { NO_USE } from '../../../shared/domain/model-use.ts'
import { WorkflowSchema } from '../../../shared/workflow/schema.ts'
import { makeAgent } from '../../support/agents/make-agent.ts'
import { runCli } from '../../support/cloud/run-cli.ts'

const root = mkdtempSync(join(tmpdir(), 'validate-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): string {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
  return join(root, path)
}
const schema = '{ description: "", inputSchema: {}, outputSchema: {} }'
const agent = (id: string, capability: string): string =>
  `export default { manifest: { id: '${id}', version: '1.0.0', description: '', capabilities: [{ name: '${capability}', ...${schema} }] } }\n`
const TYPED = agent('typist', 'letter.type').replace(
  'inputSchema: {}',
  "inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }",
)

beforeAll(() => {
  write('project/cdk.json', '{"app":"node infra/app.ts"}')
  write('project/package.json', '{"type":"module"}')
  write('project/agents/greeter/index.js', agent('greeter', 'greeting.write'))
  write('project/workflows/hello.yaml', 'name: hello\nsteps:\n  a: { capability: greeting.write }\n')
  write('project/agents/typist/index.js', TYPED)
  write('broken/cdk.json', '{"app":"node infra/app.ts"}')
  write('broken/package.json', '{"type":"module"}')
  write('broken/agents/greeter/index.js', 'export default 5\n')
  mkdirSync(join(root, 'elsewhere'))
})

async function validate(folder: string, text: string, ...args: string[]) {
  vi.spyOn(process, 'cwd').mockReturnValue(join(root, folder))
  return runCli(['validate', write(`${folder}/w.yaml`, text), '--offline', ...args])
}
/** Undoes the wrapping at 80 columns. */
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
const FILE = join(root, 'project/w.yaml')

it('warns of a capability that no agent of the project offers, with its place and the nearest names', async () => {
  const text = [
    'name: w',
    'steps:',
    '  a: { capability: greeting.wriet }',
    '  b: { workflow: helo, input: {} }',
    '  c: { capability: greeting.write }',
    '  d: { capability: echo }',
    '  loop:',
    '    repeat: { until: "{% true %}", maxIterations: 2, steps: { e: { agent: greeter, capability: greeting.wriet } } }',
    '',
  ].join('\n')
  const { code, stdout, stderr } = await validate('project', text)
  expect([code, inOneLine(stdout)]).toEqual([
    0,
    'valid, but it would fail as things are: w v1: 3 steps ask for what nothing known offers (see the warnings; with --api it is an error, as for submit)',
  ])
  const told = inOneLine(stderr)
  expect(told).toContain(
    `warning: ${FILE}:3:8: steps.a.capability: no agent here offers "greeting.wriet"; did you mean "greeting.write"?`,
  )
  expect(told).toContain('3 | a: { capability: greeting.wriet }')
  expect(told).toContain(
    `warning: ${FILE}:4:8: steps.b.workflow: no workflow here is called "helo"; did you mean "hello"?`,
  )
  expect(told).toContain(`warning: ${FILE}:8:`)
  expect(told.match(/warning: /g)?.length).toBe(3)
})

it('prints warnings as JSON for scripts', async () => {
  const text = 'name: w\nsteps:\n  a: { capability: greeting.wriet }\n'
  const { code, stdout, stderr } = await validate('project', text, '--json')
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    valid: true,
    agents: 2 + (await loadCatalogue()).agents.length,
    issues: [],
    warnings: [
      {
        code: 'unknown-capability',
        path: 'steps.a.capability',
        message: expect.stringMatching(/^no agent here offers "greeting.wriet"; /),
        line: 3,
        column: 8,
        text: '  a: { capability: greeting.wriet }',
      },
    ],
  })
})

it('says nothing of a workflow whose steps are served, nor without a project', async () => {
  const served = 'name: w\nsteps:\n  a: { capability: greeting.write }\n  b: { capability: echo }\n'
  expect(await validate('project', served)).toEqual({ code: 0, stdout: 'valid: w v1\n', stderr: '' })
})

it('warns that capabilities were not checked when the agents cannot be loaded', async () => {
  const { code, stdout, stderr } = await validate('broken', 'name: w\nsteps:\n  a: { capability: x }\n')
  expect([code, stdout]).toEqual([0, 'valid: w v1\n'])
  expect(inOneLine(stderr)).toBe(
    `warning: ${root}/broken/w.yaml: capabilities were not checked, for the project cannot be loaded: agents/greeter/index.js: it must export an agent by default: export default defineAgent({ ... })`,
  )
})

it('checks types against the agents and workflows of the project, also of a file in it that is wrong', async () => {
  write(
    'project/workflows/child.yaml',
    'name: child\ninput: { type: object, properties: { who: { type: string } } }\nsteps:\n  a: { capability: greeting.write }\n',
  )
  const text =
    'name: own\nsteps:\n  a: { capability: letter.type, input: { txt: hello } }\n  b: { workflow: child, input: { woh: 1 } }\n'
  const path = write('project/workflows/own.yaml', text)
  vi.spyOn(process, 'cwd').mockReturnValue(join(root, 'project'))
  const { code, stderr } = await runCli(['validate', path, '--offline'])
  rmSync(path)
  expect(code).toBe(2)
  const told = inOneLine(stderr)
  expect(told).toContain(`${path}:3:42: steps.a.input.txt: there is no "txt"; did you mean "text"?`)
  expect(told).toContain(`${path}:4:34: steps.b.input.woh: there is no "woh"; did you mean "who"`)
  expect(told).not.toContain('cannot be loaded')
})

it('tells what is wrong in the file once, where the message quotes several lines', async () => {
  const text =
    'name: own\nsteps:\n  a:\n    capability: letter.type\n    input:\n      text: |-\n        {% (\n          $input.a +\n        %}\n'
  const path = write('project/workflows/own.yaml', text)
  vi.spyOn(process, 'cwd').mockReturnValue(join(root, 'project'))
  const { code, stderr } = await runCli(['validate', path, '--offline'])
  rmSync(path)
  expect(code).toBe(2)
  expect(stderr).toContain('does not parse')
  expect(stderr).not.toContain('warning')
})

it('warns of agents and fallbacks that the project does not have, or that offer something else', async () => {
  const text = [
    'name: w',
    'steps:',
    '  a: { agent: greter, capability: greeting.write }',
    '  b: { agent: typist, capability: greeting.write }',
    '  c: { agent: greeter@2 }',
    '  d: { capability: greeting.write, fallback: [greeter, tipist, typist] }',
    '',
  ].join('\n')
  const { code, stdout } = await validate('project', text, '--json')
  expect(code).toBe(0)
  const { warnings } = JSON.parse(stdout) as { warnings: { line: number; path: string; message: string }[] }
  expect(warnings.map(({ line, path, message }) => [line, path, message])).toEqual([
    [3, 'steps.a.agent', 'no agent "greter"; did you mean "greeter"?'],
    [4, 'steps.b.agent', expect.stringMatching(/^agent "typist" does not offer greeting.write/)],
    [5, 'steps.c.agent', 'the step pins greeter@2, and agent "greeter" is at version 1.0.0'],
    [
      6,
      'steps.d.fallback[1]',
      expect.stringMatching(/^fallback "tipist": no agent or capability has this name; /),
    ],
    [
      6,
      'steps.d.fallback[2]',
      expect.stringMatching(/^fallback "typist": agent "typist" does not offer greeting.write/),
    ],
  ])
})

describe('with an API', () => {
  const [typist] = [{ name: 'letter.type', description: '', inputSchema: {}, outputSchema: {} }]
  const child = {
    name: 'remote',
    version: 3,
    description: '',
    taskTypes: [],
    steps: ['a'],
    stateMachineArn: '',
  }
  const remote = {
    ...child,
    origin: 'api',
    definition: WorkflowSchema.parse({
      name: 'remote',
      version: 3,
      input: { type: 'object', properties: { who: { type: 'string' } } },
      steps: { a: { capability: 'letter.send' } },
    }),
  }
  const FAST: ModelView = {
    ...{ name: 'fast', provider: 'bedrock', id: 'fast', contextTokens: 9_000, structured: 'tool' },
    ...{ agents: [], used: NO_USE },
  }
  const answers: Record<string, unknown> = {
    '/api/v1/agents': {
      agents: [{ ...makeAgent({ id: 'sender' }), capabilities: [{ ...typist, name: 'letter.send' }] }],
    },
    '/api/v1/workflows': { workflows: [{ ...child, origin: 'api' }] },
    '/api/v1/workflows/remote': remote,
    '/api/v1/models': { models: [FAST], missing: [] },
  }
  const server = createServer(({ url = '' }, response) => {
    const status = url in answers ? 200 : 404
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answers[url] ?? {}))
  })
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const asking = async (folder: string, text: string, ...args: string[]) => {
    vi.spyOn(process, 'cwd').mockReturnValue(join(root, folder))
    const { code, stdout, stderr } = await runCli(['validate', write(`${folder}/w.yaml`, text), ...args], {
      ORCHESTRATOR_URL: url,
    })
    return { code, stdout, told: inOneLine(stderr) }
  }
  const STEPS =
    'name: w\nsteps:\n  a: { capability: letter.send }\n  b: { capability: letter.type, input: { text: hi } }\n'

  it('knows what the project has, and what the API has besides', async () => {
    const text = `${STEPS}  c: { workflow: remote, input: { who: me } }\n  d: { workflow: hello, input: {} }\n`
    expect(await asking('project', text)).toEqual({ code: 0, stdout: 'valid: w v1\n', told: '' })
    const { code, told } = await asking('project', `${STEPS}  c: { workflow: remote, input: { woh: me } }\n`)
    expect(code).toBe(2)
    expect(told).toContain('steps.c.input.woh: there is no "woh"; did you mean "who"')
    expect((await asking('project', `${STEPS}  c: { workflow: remot, input: {} }\n`)).told).toContain(
      'warning: ' +
        join(root, 'project/w.yaml:5:8') +
        ': steps.c.workflow: no workflow here is called "remot"; did you mean "remote"?',
    )
  })

  it('knows the models of the stage', async () => {
    const text = (model: string) =>
      `name: w\nsteps:\n  a:\n    converse: { model: ${model}, input: hi, capabilities: [letter.send] }\n`
    const unserved = ({ told }: { told: string }): string[] =>
      told.match(/unknown-model|the stage has no model "\w+"/g) ?? []
    expect(unserved(await asking('project', text('fast')))).toEqual([])
    const { code, told } = await asking('project', text('fats'))
    expect(code).toBe(0)
    expect(told).toContain(
      'w.yaml:4:17: steps.a.converse.model: the stage has no model "fats"; did you mean "fast"?',
    )
    expect((await asking('project', text('fats'), '--api')).code).toBe(2)
  })

  it('tells which version of the workflow is deployed, where that is not the one of the file', async () => {
    const text = (version: number, send: string) =>
      `name: remote\nversion: ${version}\ninput: { type: object, properties: { who: { type: string } } }\nsteps:\n  a: { capability: letter.send${send} }\n`
    const told = async (version: number, send = '') => (await asking('project', text(version, send))).stdout
    expect(await told(3)).toBe('valid: remote v3\n')
    expect(await told(1)).toBe('valid: remote v1\nv3 is deployed, with this content\n')
    expect(await told(4, ', input: { a: 1 }')).toBe(
      'valid: remote v4\nv3 is deployed, with other content than this file has\n',
    )
  })

  it('is the only one that is asked where that is wished, and what it does not have is an error', async () => {
    const { code, stdout, told } = await asking('project', STEPS, '--api')
    expect([code, stdout]).toEqual([2, ''])
    expect(told).toContain('w.yaml:4:8: steps.b.capability: no agent here offers "letter.type"')
    expect(told).not.toContain('warning')
    const served = 'name: w\nsteps:\n  a: { capability: letter.send }\n'
    expect(await asking('elsewhere', served, '--api')).toMatchObject({ code: 0, stdout: 'valid: w v1\n' })
  })

  it('that does not answer is left out after some seconds', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const begun = Date.now()
    const { code, told } = await asking('project', 'name: w\nsteps:\n  a: { capability: greeting.write }\n')
    expect(Date.now() - begun).toBeLessThan(15_000)
    expect([code, told]).toEqual([0, expect.stringMatching(/^not checked against agents of the API: .*3 s/)])
    silent.closeAllConnections()
    silent.close()
  })

  it('that cannot be reached is an error only where it was asked for', async () => {
    url = 'http://127.0.0.1:1'
    expect(await asking('project', STEPS, '--api')).toMatchObject({ code: 3, told: /cannot be reached/ })
  })
})
