import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePackage, type Packed } from '../../scripts/package/make-package.ts'

const ROOT = join(import.meta.dirname, '../..')
const out = mkdtempSync(join(tmpdir(), 'package-'))
afterAll(() => rmSync(out, { recursive: true, force: true }))

let packed: Packed
beforeAll(async () => {
  packed = await makePackage(out)
  symlinkSync(join(ROOT, 'node_modules'), join(out, 'node_modules'))
}, 240_000)

const read = (path: string): string => readFileSync(join(out, path), 'utf8')
const paths = (): string[] => packed.files.map(({ path }) => path)

describe('the package that others install', () => {
  it('has every door, as JavaScript with its types', () => {
    const ours = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object }
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string | object> }
    expect(Object.keys(exports)).toEqual(Object.keys(ours.exports))
    for (const door of Object.values(exports)) {
      const targets = typeof door === 'string' ? [door] : Object.values<string>({ ...door })
      for (const target of targets) expect(paths()).toContain(target.slice('./'.length))
    }
  })

  it('holds what a project needs: functions and agents to bundle, workflows, a stage, the command line, the licence', () => {
    expect(paths()).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'cdk.json', 'package.json', 'bin/orchestrator.mjs', 'cli/main.js'],
        ...['functions/api/handler.js', 'functions/agents/echo/index.js', 'functions/expressions/worker.js'],
        ...['local/lambda/sandbox/sandbox.js', 'local/dynamodb/worker.js', 'workflows/simple.yaml'],
        ...['stages/default.yaml', 'examples/data/seattle-weather.csv', 'infra/orchestrator.js'],
      ]),
    )
  })

  it('holds no sources, no tests, nothing of a checkout alone, and no other tarball', () => {
    const strange = paths().filter(
      (path) =>
        /(?<!\.d)\.ts$|\.tgz$|(^|\/)node_modules\//.test(path) || /^(test|bench|scripts|dist)\//.test(path),
    )
    expect(strange).toEqual([])
    expect(paths()).not.toContain('infra/app.js')
    // The CLI names this page.
    expect(paths()).toContain('docs/errors.md')
  })

  it('names no folder of the machine that has packed it', () => {
    const naming = paths().filter((path) => [ROOT, out].some((folder) => read(path).includes(folder)))
    expect(naming).toEqual([])
  })

  it('imports only files that it holds, in its JavaScript', () => {
    const missing = paths()
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) =>
        [...read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
          .map(([, to = '']) => join(out, path, '..', to))
          .filter((file) => !existsSync(file)),
      )
    expect(missing).toEqual([])
  })

  it('says in its maps what the sources are, by their own names', () => {
    const { sources, sourcesContent } = JSON.parse(read('shared/agent/index.js.map')) as {
      sources: string[]
      sourcesContent: string[]
    }
    expect(sources).toEqual(['index.ts'])
    expect(sourcesContent).toEqual([readFileSync(join(ROOT, 'shared/agent/index.ts'), 'utf8')])
  })

  it('defines an agent from JavaScript, the same as from the sources', async () => {
    const built = (await import(pathToFileURL(join(out, 'functions/agents/echo/index.js')).href)) as {
      default: { manifest: object }
    }
    const { default: echo } = await import('../../functions/agents/echo/index.ts')
    expect(built.default.manifest).toEqual(echo.manifest)
  })
})
