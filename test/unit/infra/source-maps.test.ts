import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'
import { placeSources, type SourceMap, sourceName } from '../../../infra/source-maps.ts'

const FILES = {
  'agents/price/index.ts': `import { inLines, twice } from 'twice'
import { PriceError, priceOf } from './price-of.ts'

type Item = { name: string }
const item: Item = { name: 'gold' }
const calls = {
  own: () => priceOf(item.name),
  package: () => twice(() => null),
  lines: () => inLines(() => null),
  name: () => console.log(new PriceError('x').name),
}
const call = calls[process.argv[2] as keyof typeof calls]
try {
  await call()
} catch (error) {
  console.log((error as Error).stack)
}
`,
  'agents/price/price-of.ts': `/** Comments, types and blank lines are not in the bundle. */
type Price = { usd: number }

export class PriceError extends Error {
  override name = this.constructor.name
}

export async function priceOf(name: string): Promise<Price> {
  await Promise.resolve()
  throw new PriceError(\`no price of \${name}\`)
}
`,
  'node_modules/twice/package.json':
    '{"name": "twice", "version": "1.0.0", "type": "module", "main": "index.js"}',
  'node_modules/twice/index.js': `\n\nexport const twice = (make) => make().length * 2
export const inLines = (make) => [\`first
second\`, make().length]\n`,
}

let root: string
const out = () => join(root, 'out')
const bundle = () => join(out(), 'price/index.mjs')

/** What the bundle prints, without the frames of Node.js itself. */
function run(what: string): string[] {
  const { stdout } = spawnSync(process.execPath, [bundle(), what], { encoding: 'utf8' })
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('node:internal'))
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'maps-'))
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  await build({
    ...BUNDLING,
    inject: [join(PACKAGE_ROOT, 'functions/telemetry/map-stacks.ts')],
    entryPoints: [{ in: join(root, 'agents/price/index.ts'), out: 'price/index' }],
    outdir: out(),
    outExtension: { '.js': '.mjs' },
  })
  await placeSources(out(), root, ['price'])
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('stacks of bundled functions', () => {
  it("name the author's files, lines and functions (map-stacks/M1)", () => {
    const [head, first, second, ...rest] = run('own')
    expect(head).toBe('PriceError: no price of gold')
    expect(first).toMatch(/^ {4}at (async )?priceOf \(agents\/price\/price-of\.ts:10:9\)$/)
    expect(second).toMatch(/^ {4}at (async )?(.* \()?agents\/price\/index\.ts:14:3\)?$/)
    expect(rest.join('')).not.toContain(root)
  })

  it('name the file of a package, and where the author has called it (map-stacks/M1)', () => {
    const [head, first, second, ...rest] = run('package')
    expect(head).toBe("TypeError: Cannot read properties of null (reading 'length')")
    expect(first).toBe('    at twice (node_modules/twice/index.js)')
    expect(second).toMatch(/^ {4}at .*agents\/price\/index\.ts:8:18\)$/)
    expect(rest.join('')).not.toContain(root)
  })

  it('name the file of a package after a text of several lines, which the bundle keeps (map-stacks/M1)', () => {
    const [, first] = run('lines')
    expect(first).toBe('    at inLines (node_modules/twice/index.js)')
  })

  it('keep the names of classes, by which errors are named', () => {
    expect(run('name')).toEqual(['PriceError'])
  })

  it('are told by the bundle where there is no map, or a damaged one (map-stacks/M2)', () => {
    const map = readFileSync(`${bundle()}.map`)
    for (const damaged of [
      undefined,
      '{"version":3',
      '{"version":3}',
      'null',
      '{"version":3,"sources":[],"names":[],"mappings":"!"}',
    ]) {
      if (damaged === undefined) rmSync(`${bundle()}.map`)
      else writeFileSync(`${bundle()}.map`, damaged)
      const [head, first] = run('own')
      expect(head).toBe('PriceError: no price of gold')
      expect(first).toMatch(/priceOf \(index\.mjs:\d+:\d+\)$/)
    }
    writeFileSync(`${bundle()}.map`, map)
  })
})

describe('the source map beside a bundle', () => {
  it('has no path of this machine, no text and no line of a package (source-maps/M1, source-maps/M2)', () => {
    const text = readFileSync(`${bundle()}.map`, 'utf8')
    const map = JSON.parse(text) as SourceMap
    expect(text).not.toContain(root)
    expect(map.sources.filter((source) => !source.startsWith('orchestrator/')).sort()).toEqual([
      'agents/price/index.ts',
      'agents/price/price-of.ts',
      'node_modules/twice/index.js',
    ])
    expect(map).not.toHaveProperty('sourcesContent')
  })

  it.each([
    ['/project/agents/a/index.ts', 'agents/a/index.ts'],
    ['/project/node_modules/zod/index.js', 'node_modules/zod/index.js'],
    ['/project/node_modules/.pnpm/zod@4/node_modules/zod/index.js', 'node_modules/zod/index.js'],
    ['/elsewhere/node_modules/zod/index.js', 'node_modules/zod/index.js'],
    [join(PACKAGE_ROOT, 'shared/host/run-step.ts'), 'orchestrator/shared/host/run-step.ts'],
    [join(PACKAGE_ROOT, 'node_modules/zod/index.js'), 'node_modules/zod/index.js'],
    ['/elsewhere/lib.ts', 'lib.ts'],
  ])('names %s as %s (source-maps/M1)', (path, name) => {
    expect(sourceName(path, '/project')).toBe(name)
  })
})
