import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

describe('the document that the API serves', () => {
  it('passes redocly lint', ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('redocly', ['lint', 'openapi.json'])).toBe('')
  })

  it('becomes types by openapi-typescript, which compile', ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('openapi-typescript', ['openapi.json', '-o', 'types.ts'])).toBe('')
    expect(typeErrors('types.ts')).toBe('')
    expect(readFileSync(join(folder, 'types.ts'), 'utf8')).toContain('"/api/v1/tasks/{id}"')
  })

  it('becomes a client by @hey-api/openapi-ts, which compiles', ({ skip }) => {
    if (!bin) return skip('the tools cannot be had here')
    expect(failureOf('openapi-ts', ['-i', 'openapi.json', '-o', 'client'])).toBe('')
    expect(typeErrors('client/index.ts')).toBe('')
    expect(readFileSync(join(folder, 'client/sdk.gen.ts'), 'utf8')).toContain('submitTask')
  })
})
