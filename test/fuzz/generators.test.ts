import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentContractDocument } from '../../shared/contracts/agent-contract-document.ts'
import { installPackages, MissingPythonError } from '../emulator/python-packages.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'
import { installNpmPackages, MissingPackagesError } from './npm-packages.ts'

const PACKAGES = [
  '@redocly/cli@2.77.0',
  'openapi-typescript@7.13.0',
  '@hey-api/openapi-ts@0.99.0',
  // The generators need the JavaScript API of this compiler; the project's own has none.
  'typescript@5.9.3',
]

const folder = mkdtempSync(join(tmpdir(), 'orchestrator-openapi-'))
let bin: string | undefined
let api: LocalApi
beforeAll(async () => {
  try {
    bin = installNpmPackages(PACKAGES, 'openapi-tools')
  } catch (error) {
    if (!(error instanceof MissingPackagesError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return
  }
  api = await startApi()
  const { body } = await api.call('GET', '/openapi.json')
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(body))
})
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a tool; returns its output if it failed, else an empty text. */
function failureOf(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(bin ?? '', command), args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', CI: '1' },
  })
  return status === 0 && !/\berror\b/i.test(stderr.replace(/\b0 errors?\b/g, ''))
    ? ''
    : `${stdout}\n${stderr}`
}

const typeErrors = (...files: string[]): string =>
  failureOf('tsc', [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2022',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
    '--lib',
    'es2022,dom,dom.iterable',
    ...files,
  ])

const IN_FOLDER = { cwd: folder, encoding: 'utf8' } as const

function pythonBin(): string | undefined {
  try {
    return installPackages(join(import.meta.dirname, 'clients/requirements.txt'), 'openapi-python-client')
  } catch (error) {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return undefined
  }
}

/** What a script of the folder prints: bundled, because generated imports have no file endings. */
async function printedBy(file: string): Promise<string> {
  const outfile = join(folder, file.replace('.ts', '.mjs'))
  await build({ entryPoints: [join(folder, file)], bundle: true, platform: 'node', format: 'esm', outfile })
  const child = spawn(process.execPath, [outfile, api.apiUrl], { stdio: ['ignore', 'pipe', 'inherit'] })
  return (await text(child.stdout)).trim()
}

const BY_TYPES = `
import type { components, paths } from './types'
type Task = components['schemas']['Task']
type Submission = paths['/api/v1/tasks']['post']['requestBody'] extends infer Body | undefined
  ? components['schemas']['SubmitTaskBody']
  : never
declare const process: { argv: string[] }
const url = process.argv[2] + '/api/v1/tasks'
const body = { type: 'simple', input: { message: 'by types' } } satisfies Partial<Submission>
const headers = { 'content-type': 'application/json' }
let task: Task = await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
while (['queued', 'running'].includes(task.status)) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  task = await (await fetch(url + '/' + task.taskId)).json()
}
console.log(task.status)
export {}
`

const BY_CLIENT = `
import { getTask, submitTask } from './client'
import { client } from './client/client.gen'
import type { Agent, Step, Task, TaskWithSteps } from './client'
declare const process: { argv: string[] }
client.setConfig({ baseUrl: process.argv[2] as string })
const submitted = await submitTask({ body: { type: 'simple', input: { message: 'by client' } }, throwOnError: true })
const made: Task = submitted.data
let task: TaskWithSteps
do {
  await new Promise((resolve) => setTimeout(resolve, 100))
  task = (await getTask({ path: { id: made.taskId }, throwOnError: true })).data
} while (['queued', 'running'].includes(task.status))
const steps: Step[] = task.steps
export type Named = Agent
console.log(steps.length > 0 ? task.status : 'no steps')
`

describe('the document that the API serves', () => {
  it('passes redocly lint', ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('redocly', ['lint', 'openapi.json'])).toBe('')
  })

  it('has beside it that of agents elsewhere, which passes redocly lint too', ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    writeFileSync(join(folder, 'contract.json'), JSON.stringify(agentContractDocument()))
    expect(failureOf('redocly', ['lint', 'contract.json'])).toBe('')
  })

  it('becomes types by openapi-typescript, which compile and run a task', async ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('openapi-typescript', ['openapi.json', '-o', 'types.ts'])).toBe('')
    writeFileSync(join(folder, 'by-types.ts'), BY_TYPES)
    expect(typeErrors('types.ts', 'by-types.ts')).toBe('')
    expect(await printedBy('by-types.ts')).toBe('succeeded')
  })

  it('becomes a client by @hey-api/openapi-ts, which compiles and runs a task', async ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('openapi-ts', ['-i', 'openapi.json', '-o', 'client'])).toBe('')
    writeFileSync(join(folder, 'by-client.ts'), BY_CLIENT)
    expect(typeErrors('client/index.ts', 'by-client.ts')).toBe('')
    expect(await printedBy('by-client.ts')).toBe('succeeded')
  })

  it('becomes a client by openapi-python-client, without a warning, which runs a task', async ({ skip }) => {
    const python = pythonBin()
    if (!python || !api) return skip('Python or the generator cannot be had here')
    writeFileSync(join(folder, 'python.yaml'), 'post_hooks: []\n')
    const generate = ['generate', '--path', 'openapi.json', '--meta', 'none', '--config', 'python.yaml']
    const output = ['--output-path', 'python/orchestrator_client']
    const made = spawnSync(join(python, 'openapi-python-client'), [...generate, ...output], IN_FOLDER)
    expect([made.status, `${made.stdout}${made.stderr}`]).toEqual([
      0,
      expect.not.stringMatching(/warning|unable/i),
    ])
    const script = join(import.meta.dirname, 'clients/run_task.py')
    // Not spawnSync: the API is served by this process.
    const child = spawn(join(python, 'python'), [script, api.apiUrl, 'python'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    expect([stderr, stdout.split(' ')[0]]).toEqual(['', 'succeeded'])
  })
})
