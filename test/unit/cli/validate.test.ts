import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
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

beforeAll(() => {
  write('project/cdk.json', '{"app":"node infra/app.ts"}')
  write('project/package.json', '{"type":"module"}')
  write('project/agents/greeter/index.js', agent('greeter', 'greeting.write'))
  write('project/workflows/hello.yaml', 'name: hello\nsteps:\n  a: { capability: greeting.write }\n')
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

it('warns of what no agent of the project offers, with its place and the nearest names', async () => {
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
  expect([code, stdout]).toEqual([0, 'valid: w v1\n'])
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

it('tells scripts, too', async () => {
  const text = 'name: w\nsteps:\n  a: { capability: greeting.wriet }\n'
  const { code, stdout, stderr } = await validate('project', text, '--json')
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    valid: true,
    agents: 0,
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

it('says that it could not look, and why, where the agents cannot be loaded', async () => {
  const { code, stdout, stderr } = await validate('broken', 'name: w\nsteps:\n  a: { capability: x }\n')
  expect([code, stdout]).toEqual([0, 'valid: w v1\n'])
  expect(inOneLine(stderr)).toBe(
    `warning: ${root}/broken/w.yaml: capabilities were not checked, for the project cannot be loaded: agents/greeter/index.js: it must export an agent by default: export default defineAgent({ ... })`,
  )
})
