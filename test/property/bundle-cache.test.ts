import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { BundleCache } from '../../infra/bundle-cache/bundle-cache.ts'

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true })
})

/** The contents that edits may leave in these files: esbuild can read all of them, and each file may be absent. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  'src/near.ts': ['export const near = 1', 'export const near = 2', "export * from '../shared/near'"],
  // Some of these have precedence over near.ts when a module imports './near'.
  'src/near.tsx': ['export const near = 3'],
  'src/near/index.ts': ['export const near = 4'],
  'shared/near.ts': ['export const near = 5', 'export const near = 6; export const unused = 7'],
  'node_modules/far/index.js': ['export default 1', 'export default 2'],
  'node_modules/far/other.js': ['export default 3'],
  'node_modules/far/package.json': ['{"main":"index.js"}', '{"main":"other.js"}'],
  // Nearer to the module that imports it.
  'src/node_modules/far/index.js': ['export default 4'],
  'node_modules/@scope/maybe/index.js': ['module.exports = 1'],
  'tsconfig.json': [
    '{}',
    '{"compilerOptions":{"paths":{"far":["./src/near.ts"]}}}',
    '{"extends":"./base.json"}',
  ],
  'base.json': ['{"compilerOptions":{"paths":{"far":["./shared/near.ts"]}}}'],
}
const ENTRY = `
  import { near } from './near'
  import far from 'far'
  let maybe
  try { maybe = require('@scope/maybe') } catch {}
  console.log(near, far, maybe)
`

class Project {
  readonly root = mkdtempSync(join(tmpdir(), 'bundle-cache-'))
  readonly cache = join(this.root, '.cache')
  constructor() {
    made.push(this.root)
    this.edit('src/index.ts', ENTRY)
    for (const path of ['src/near.ts', 'node_modules/far/index.js']) this.edit(path, TEXTS[path]?.[0])
  }

  edit(path: string, text: string | undefined): void {
    const file = join(this.root, path)
    rmSync(file, { force: true })
    if (text === undefined) return
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    // Like a tool that restores files with their old modification times.
    utimesSync(file, 1_000_000, 1_000_000)
  }

  /** Bundles as the synthesis does; returns the error of a failed build. */
  async bundle(
    meanwhile = (): void => {},
    cache = new BundleCache(this.cache, this.root),
  ): Promise<{ text: string; from: 'cache' | 'esbuild' }> {
    const found = await cache.find('function', 'so')
    if (found !== undefined) return { text: found.toString(), from: 'cache' }
    const startedAt = Date.now()
    const { text, metafile } = await this.build()
    meanwhile()
    if (metafile !== undefined)
      await cache.keep('function', 'so', Buffer.from(text), { metafile, from: ['src/index.ts'], startedAt })
    return { text, from: 'esbuild' }
  }

  async build() {
    const options: BuildOptions = {
      absWorkingDir: this.root,
      entryPoints: ['src/index.ts'],
      outfile: join(this.root, 'out.mjs'),
      ...{ bundle: true, minify: true, platform: 'node', format: 'esm', logLevel: 'silent' },
    }
    try {
      const { outputFiles, metafile } = await build({ ...options, write: false, metafile: true })
      return { text: outputFiles[0]?.text ?? '', metafile }
    } catch (error) {
      return { text: String(error), metafile: undefined }
    }
  }
}

function link(project: Project, version: number): void {
  const far = join(project.root, 'node_modules/far')
  rmSync(far, { recursive: true, force: true })
  symlinkSync(join(project.root, `node_modules/.store/far-${version}`), far)
}

/** Longer than a file's time of change may lag behind the clock. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))

describe('a bundle from the cache', () => {
  const edits = fc.constantFrom(...Object.keys(TEXTS)).chain((path) =>
    fc.record({
      path: fc.constant(path),
      text: fc.option(fc.constantFrom(...(TEXTS[path] ?? [])), { nil: undefined }),
    }),
  )

  it('equals what esbuild would write now, after any edits, additions and removals (bundle-cache/B1)', async () => {
    let reused = 0
    await fc.assert(
      fc.asyncProperty(fc.array(edits, { minLength: 2, maxLength: 8 }), async (all) => {
        const project = new Project()
        for (const { path, text } of [{ path: 'unread', text: '' }, ...all]) {
          project.edit(path, text)
          await settle()
          const { text: expected } = await project.build()
          for (const _again of [1, 2]) {
            const bundle = await project.bundle()
            expect(bundle.text).toBe(expected)
            if (bundle.from === 'cache') reused += 1
          }
        }
      }),
      {
        numRuns: 15,
        // Cases that 150 random runs have found.
        examples: [
          [
            [
              { path: 'node_modules/far/package.json', text: '{"main":"other.js"}' },
              { path: 'node_modules/far/other.js', text: 'export default 3' },
            ],
          ],
          [
            ['export default 4', undefined, 'export default 4'].map((text) => ({
              path: 'src/node_modules/far/index.js',
              text,
            })),
          ],
        ],
      },
    )
    expect(reused).toBeGreaterThan(15)
  })

  it('is used in a copy of the project with the same packages, and again after an edit is undone', async () => {
    const project = new Project()
    await settle()
    const first = await project.bundle()
    const copy = mkdtempSync(join(tmpdir(), 'bundle-cache-'))
    made.push(copy)
    cpSync(join(project.root, 'src'), join(copy, 'src'), { recursive: true })
    symlinkSync(join(project.root, 'node_modules'), join(copy, 'node_modules'))
    expect((await new BundleCache(project.cache, copy).find('function', 'so'))?.toString()).toBe(first.text)
    expect(await new BundleCache(project.cache, copy).find('function', 'otherwise')).toBeUndefined()
    project.edit('src/near.ts', 'export const near = 8')
    expect((await project.bundle()).text).not.toBe(first.text)
    project.edit('src/near.ts', TEXTS['src/near.ts']?.[0])
    expect(await project.bundle()).toEqual({ ...first, from: 'cache' })
  })

  it('tells its files of packages, and those outside the project, also when it is found', async () => {
    const place = new Project()
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'outside-')))
    made.push(outside)
    writeFileSync(join(outside, 'near.ts'), 'export const near = 8')
    place.edit('src/near.ts', `export * from ${JSON.stringify(join(outside, 'near'))}`)
    await settle()
    for (const from of ['esbuild', 'cache']) {
      const cache = new BundleCache(place.cache, place.root)
      const bundle = await place.bundle(() => {}, cache)
      expect(bundle.from).toBe(from)
      const files = cache.farFiles?.filter((file) => existsSync(file))
      expect(files?.sort()).toEqual(
        [join(outside, 'near.ts'), join(place.root, 'node_modules/far/index.js')].sort(),
      )
    }
  })

  it('is not cached if its files changed during the build (bundle-cache/B2)', async () => {
    const project = new Project()
    await settle()
    const stale = await project.bundle(() => project.edit('src/near.ts', 'export const near = 9'))
    expect(await project.bundle()).toMatchObject({
      from: 'esbuild',
      text: expect.not.stringMatching(stale.text),
    })
    await settle()
    await project.bundle(() => project.edit('node_modules/far/package.json', '{"main":"index.js"}'))
    expect(await project.bundle()).toMatchObject({ from: 'esbuild' })
  })

  it('is built again if its entry is damaged or cannot be written (bundle-cache/B3)', async () => {
    const project = new Project()
    await settle()
    const first = await project.bundle()
    for (const name of ['bundle', 'entry']) {
      const [entry = ''] = readdirSync(join(project.cache, 'function')).sort().reverse()
      writeFileSync(join(project.cache, 'function', entry, name), 'damaged')
      // The folder of the cache is new in the project's own, which counts as a change of that.
      await settle()
      expect(await project.bundle()).toEqual(first)
      expect(await project.bundle()).toEqual({ ...first, from: 'cache' })
    }
    rmSync(project.cache, { recursive: true })
    writeFileSync(project.cache, 'a file where the folder should be')
    for (const _again of [1, 2]) expect(await project.bundle()).toEqual(first)
  })

  it.each<[what: string, prepare: (project: Project) => void, edit: (project: Project) => void]>([
    [
      'a file that a template import takes',
      (project) => {
        project.edit(
          'src/index.ts',
          'const x = String(process.argv[2]); console.log(await import(`./langs/${x}.ts`))',
        )
        project.edit('src/langs/de.ts', 'export default 1')
      },
      (project) => project.edit('src/langs/de.ts', 'export default 2'),
    ],
    [
      'a package that a link leads to',
      (project) => {
        for (const version of [1, 2])
          project.edit(`node_modules/.store/far-${version}/index.js`, `export default ${version}0`)
        link(project, 1)
      },
      (project) => link(project, 2),
    ],
    [
      'jsconfig.json',
      (project) => {
        project.edit('src/index.js', undefined)
        project.edit('jsconfig.json', '{"compilerOptions":{"paths":{"far":["./src/near.ts"]}}}')
      },
      (project) =>
        project.edit('jsconfig.json', '{"compilerOptions":{"paths":{"far":["./shared/near.ts"]}}}'),
    ],
  ])('is made again after a change of %s (bundle-cache/B1)', async (_what, prepare, edit) => {
    const project = new Project()
    project.edit('shared/near.ts', 'export default 5; export const near = 5')
    project.edit('src/near.ts', 'export default 1; export const near = 1')
    prepare(project)
    await settle()
    const first = await project.bundle()
    expect(first.text).toBe((await project.build()).text)
    edit(project)
    await settle()
    const { text } = await project.build()
    expect((await project.bundle()).text).toBe(text)
  })

  it.each<[what: string, prepare: (project: Project) => void]>([
    [
      'a module that is a link to a file',
      (project) => {
        project.edit('src/real.ts', 'export const near = 1')
        project.edit('src/near.ts', undefined)
        symlinkSync(join(project.root, 'src/real.ts'), join(project.root, 'src/near.ts'))
      },
    ],
    ['a package.json with a byte order mark', (project) => project.edit('package.json', '\ufeff{}')],
    [
      'a link to nowhere among the packages',
      (project) => symlinkSync(join(project.root, 'nowhere'), join(project.root, 'node_modules/@gone')),
    ],
  ])('comes from esbuild at worst: %s (bundle-cache/B3)', async (_what, prepare) => {
    const project = new Project()
    prepare(project)
    await settle()
    const { text } = await project.build()
    for (const _again of [1, 2]) expect((await project.bundle()).text).toBe(text)
  })

  it('removes the remains of interrupted writes', async () => {
    const project = new Project()
    await settle()
    await project.bundle()
    const left = join(project.cache, 'function', '.left')
    mkdirSync(left)
    utimesSync(left, 1_000_000, 1_000_000)
    project.edit('src/near.ts', 'export const near = 9')
    await settle()
    await project.bundle()
    expect(readdirSync(join(project.cache, 'function')).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('is among the last eight of its function', async () => {
    const project = new Project()
    for (let at = 0; at < 10; at++) {
      project.edit('src/near.ts', `export const near = ${at}`)
      await settle()
      await project.bundle()
    }
    expect(readdirSync(join(project.cache, 'function'))).toHaveLength(8)
  })
})
