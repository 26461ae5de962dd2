import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPackages, MissingPythonError } from '../emulator/python-packages.ts'
import { type LocalApi, startApi } from '../support/cloud/local-api.ts'

/** Seconds of a run; `ORCHESTRATOR_FUZZ_SECONDS` for longer ones, `ORCHESTRATOR_FUZZ_SEED` for another sequence or to repeat one. */
const SECONDS = Number(process.env.ORCHESTRATOR_FUZZ_SECONDS ?? 150)
const SEED = process.env.ORCHESTRATOR_FUZZ_SEED ?? String(Math.floor(Math.random() * 1e9))
const PHASES = ['Coverage', 'Fuzzing', 'Stateful']
const LEAST_CASES = 500

let bin: string | undefined
let api: LocalApi
beforeAll(async () => {
  try {
    bin = installPackages(join(import.meta.dirname, 'requirements.txt'), 'schemathesis')
  } catch (error) {
    if (!(error instanceof MissingPythonError)) throw error
    console.warn(`SKIPPED: ${error.message}`)
    return
  }
  api = await startApi()
})
afterAll(() => api?.stop())

describe('the API, asked by schemathesis', () => {
  it('has no server error, no undocumented answer, and no answer against its schema', async ({ skip }) => {
    if (!bin) return skip('Python or schemathesis cannot be had here')
    await api.run('simple', { message: 'something to find' })
    const { code, printed } = await run(join(bin, 'st'))
    const summary = printed.slice(printed.indexOf(' SUMMARY '))
    console.info(`seed ${SEED}: ${/\d+ generated.*/.exec(summary)?.[0]}`)
    // Examples come from the document, which has none.
    const errors = api.logs.filter((line) => line.includes('request failed')).slice(0, 5)
    expect([code, code === 0 ? '' : printed.slice(0, 20_000), errors]).toEqual([0, '', []])
    for (const phase of PHASES) expect(summary).toContain(`✅ ${phase}`)
    expect(Number(/(\d+) generated/.exec(summary)?.[1])).toBeGreaterThan(LEAST_CASES)
  })
})

function run(command: string): Promise<{ code: number | null; printed: string }> {
  const config = join(import.meta.dirname, 'schemathesis.toml')
  const options = ['--phases', 'examples,coverage,fuzzing,stateful', '--max-time', String(SECONDS)]
  const child = spawn(
    command,
    ['--config-file', config, 'run', `${api.apiUrl}/api/v1/openapi.json`, ...options, '--seed', SEED],
    {
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONPATH: import.meta.dirname,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONIOENCODING: 'utf-8',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; printed: string }>()
  child.on('error', reject).on('close', (code) => resolve({ code, printed }))
  return promise
}
