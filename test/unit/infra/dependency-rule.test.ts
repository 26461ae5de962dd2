import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const house = mkdtempSync(join(tmpdir(), 'house-'))
symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'))
afterAll(() => rmSync(house, { recursive: true }))

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true })
  writeFileSync(join(house, path), text)
}

const FOLDERS = ['shared', 'functions', 'infra', 'examples', 'testing', 'bench', 'scripts', 'test']
for (const folder of FOLDERS) mkdirSync(join(house, folder))

function check(): string {
  const args = ['--config', join(ROOT, '.dependency-cruiser.mjs'), '--output-type', 'err', ...FOLDERS]
  const { stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/depcruise'), args, {
    cwd: house,
    encoding: 'utf8',
  })
  return stdout + stderr
}

/** Rule, file and its text. */
const VIOLATIONS = [
  ['domain', 'shared/domain/bad1.ts', "import { readFile } from 'node:fs'\nexport const x = readFile\n"],
  ['domain', 'shared/domain/bad2.ts', "import { b } from '../workflow/b.ts'\nexport const x = b\n"],
  ['planner', 'shared/planner/bad3.ts', "import { y } from '../selector/y.ts'\nexport const x = y\n"],
  ['agents', 'functions/agents/mine/index.ts', "import { c } from '../../steps/c.ts'\nexport default c\n"],
  [
    'agents',
    'functions/agents/mine/deep.ts',
    "import { a } from '../../../shared/domain/a.ts'\nexport default a\n",
  ],
  [
    'agents-by-name',
    'functions/agents/mine/door.ts',
    "import { a } from '../../../shared/agent/index.ts'\nexport default a\n",
  ],
  [
    'agents-by-name',
    'examples/agents/door.ts',
    "import { a } from '../../shared/agent/index.ts'\nexport default a\n",
  ],
  ['testing', 'testing/bad5.ts', "import { z } from '../functions/api/z.ts'\nexport const x = z\n"],
  ['functions', 'functions/steps/bad6.ts', "import { w } from '../../testing/w.ts'\nexport const x = w\n"],
  ['host', 'shared/host/bad5.ts', "import { readFile } from 'node:fs'\nexport const x = readFile\n"],
  ['host', 'shared/host/bad6.ts', "import type { Context } from 'aws-lambda'\nexport type X = Context\n"],
  ['host', 'shared/host/bad7.ts', "import { c } from '../../functions/steps/c.ts'\nexport const x = c\n"],
  ['client', 'shared/client/bad9.ts', "import { readFile } from 'node:fs'\nexport const x = readFile\n"],
  ['client', 'shared/client/bad10.ts', "import { b } from '../workflow/b.ts'\nexport const x = b\n"],
  ['client', 'shared/client/bad11.ts', "import { z } from '../app/steps/z.ts'\nexport const x = z\n"],
  ['infra', 'infra/bad12.ts', "import { z } from '../functions/api/z.ts'\nexport const x = z\n"],
  [
    'functions-catalogue',
    'functions/catalogue.ts',
    "import { z } from './api/z.ts'\nexport const FUNCTIONS = z\n",
  ],
  ['infra', 'infra/bad13.ts', "import { a } from '../functions/adapters/s3/a.ts'\nexport const x = a\n"],
  [
    'functions-catalogue',
    'functions/ports.ts',
    "import { a } from './adapters/s3/a.ts'\nexport const PORTS = a\n",
  ],
  [
    'grants',
    'functions/adapters/s3/bad.grants.ts',
    "import { S3Client } from '@aws-sdk/client-s3'\nexport const x = S3Client\n",
  ],
  [
    'grants',
    'functions/adapters/s3/bad2.grants.ts',
    "import type { a } from './a.ts'\nexport type X = typeof a\n",
  ],
  ['limits', 'shared/app/limits/bad8.ts', "import { z } from '../steps/z.ts'\nexport const x = z\n"],
  ['apart', 'shared/domain/bad12.ts', "import { t } from '../../test/t.ts'\nexport const x = t\n"],
  ['apart', 'functions/agents/mine/bad13.ts', "import { t } from '../../../bench/t.ts'\nexport default t\n"],
  ['apart', 'testing/bad14.ts', "import { t } from '../scripts/t.ts'\nexport const x = t\n"],
  ['bench', 'bench/bad15.ts', "import { t } from '../test/t.ts'\nexport const x = t\n"],
  ['scripts', 'scripts/bad16.ts', "import { t } from '../test/t.ts'\nexport const x = t\n"],
  [
    'scripts',
    'scripts/bad17.ts',
    "import t from '../functions/agents/theirs/index.ts'\nexport const x = t\n",
  ],
  ['test', 'test/bad18.ts', "import { t } from '../cdk.out/t.ts'\nexport const x = t\n"],
  ['domain', 'shared/domain/bad4.ts', "import type { App } from 'aws-cdk-lib'\nexport type X = App\n"],
] as const

describe('the dependency rule', () => {
  it('allows the imports that the rule permits', () => {
    plant('shared/domain/a.ts', "import * as z from 'zod'\nexport const a = z.string()\n")
    plant('shared/workflow/b.ts', "import { a } from '../domain/a.ts'\nexport const b = a\n")
    plant('shared/agent/index.ts', "export { a } from '../domain/a.ts'\n")
    plant(
      'package.json',
      JSON.stringify({ name: 'house', type: 'module', exports: { './agent': './shared/agent/index.ts' } }),
    )
    plant('examples/agents/mine.ts', "import { a } from 'house/agent'\nexport default a\n")
    plant(
      'functions/steps/c.ts',
      "import { readFile } from 'node:fs'\nimport { b } from '../../shared/workflow/b.ts'\nexport const c = [b, readFile]\n",
    )
    plant('testing/d.ts', "import { b } from '../shared/workflow/b.ts'\nexport const d = b\n")
    plant('shared/contracts/h.ts', 'export const h = 1\n')
    plant(
      'functions/adapters/s3/h.grants.ts',
      "import { h } from '../../../shared/contracts/h.ts'\nexport const g = h\n",
    )
    plant('functions/ports.ts', "import { g } from './adapters/s3/h.grants.ts'\nexport const PORTS = g\n")
    plant(
      'functions/catalogue.ts',
      "import type { PORTS } from './ports.ts'\nexport const FUNCTIONS: Partial<typeof PORTS> = {}\n",
    )
    plant(
      'infra/f.ts',
      "import { g } from '../functions/adapters/s3/h.grants.ts'\nimport { FUNCTIONS } from '../functions/catalogue.ts'\nexport const f = [FUNCTIONS, g]\n",
    )
    plant('scripts/e.ts', "import { c } from '../functions/steps/c.ts'\nexport const e = c\n")
    plant('test/support/f.ts', "import { e } from '../../scripts/e.ts'\nexport const f = e\n")
    plant('bench/g.ts', "import { f } from '../test/support/f.ts'\nexport const g = f\n")
    expect(check()).toContain('no dependency violations found (16 modules')
  })

  describe('with violations planted', () => {
    let lines: string[] = []
    beforeAll(() => {
      plant('shared/selector/y.ts', 'export const y = 1\n')
      plant('shared/agent/index.ts', 'export const a = 1\n')
      plant('functions/api/z.ts', 'export const z = 1\n')
      plant('functions/adapters/s3/a.ts', 'export const a = 1\n')
      plant('testing/w.ts', 'export const w = 1\n')
      for (const folder of ['test', 'bench', 'scripts', 'cdk.out'])
        plant(`${folder}/t.ts`, 'export const t = 1\n')
      plant('functions/agents/theirs/index.ts', 'export default 1\n')
      plant('shared/app/steps/z.ts', 'export const z = 1\n')
      const byFile = Map.groupBy(VIOLATIONS, ([, path]) => path)
      for (const [path, all] of byFile) plant(path, all.map(([, , text]) => text).join(''))
      lines = check().split('\n')
      for (const path of byFile.keys()) rmSync(join(house, path))
    })

    it.each(VIOLATIONS)('catches a planted violation in %s: %s', (rule, path, text) => {
      const imported = /from '(?:\.+\/)*(?:node:)?([^']+)'/.exec(text)?.[1] ?? ''
      expect(
        lines.filter((line) => line.includes(`error ${rule}: ${path} `) && line.includes(imported)),
      ).not.toEqual([])
    })
  })

  it.each([
    ['two rooms that need each other', { tasks: 'planning', planning: 'tasks' }],
    ['a way back over a third room', { tasks: 'planning', planning: 'limits', limits: 'tasks' }],
  ])('catches a cycle of rooms though no file is in one: %s', (_what, arrows) => {
    for (const [from, to] of Object.entries(arrows)) {
      plant(
        `shared/app/${from}/above.ts`,
        `import { low } from '../${to}/below.ts'\nexport const high = low\n`,
      )
      plant(`shared/app/${from}/below.ts`, 'export const low = 1\n')
    }
    const report = check()
    rmSync(join(house, 'shared/app'), { recursive: true })
    expect(report).toContain('error no-cycle-of-rooms: shared/app/tasks')
    expect(report).not.toContain('no-circular')
  })

  it('allows several folders to import from a common one below', () => {
    plant('shared/app/planning/below.ts', 'export const low = 1\n')
    for (const room of ['tasks', 'control'])
      plant(
        `shared/app/${room}/above.ts`,
        "import { low } from '../planning/below.ts'\nexport const high = low\n",
      )
    const report = check()
    rmSync(join(house, 'shared/app'), { recursive: true })
    expect(report).not.toContain('no-cycle-of-rooms')
  })
})

it('the core and the agents read no variables: settings come by ports and by the context', () => {
  const files = globSync('{shared,functions/agents,examples}/**/*.ts', {
    cwd: ROOT,
    exclude: ['**/node_modules/**'],
  })
  expect(files.length).toBeGreaterThan(300)
  const reading = files.filter((file) =>
    /process\s*\.\s*env|from 'node:process'/.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  expect(reading).toEqual([])
})
