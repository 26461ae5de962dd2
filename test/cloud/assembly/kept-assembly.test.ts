import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { Project } from '../../../cli/dev/find-project.ts'
import { synthesize } from '../../../cli/dev/synthesis/synthesize.ts'

const made: string[] = []
afterEach(() => vi.unstubAllEnvs())
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** Writes what a CDK app does: an assembly, and which files of packages are in its bundles. */
const APP = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const out = process.env.CDK_OUTDIR
mkdirSync(join(out, 'bundles/api'), { recursive: true })
writeFileSync(join(out, 'manifest.json'), '{}')
writeFileSync(join(out, 'bundles/api/index.mjs'), readFileSync('agents/echo/index.ts'))
writeFileSync(join(out, 'bundles/package-files.json'), JSON.stringify([join(process.cwd(), 'node_modules/far/lib.js')]))
console.log('warning: nobody serves it')
`

class Place {
  readonly root = mkdtempSync(join(tmpdir(), 'kept-assembly-'))
  readonly data = join(this.root, '.orchestrator')
  readonly out = join(this.data, 'cdk.out')
  project: Project = { root: this.root, app: 'node app.mjs', isCheckout: false }

  constructor() {
    made.push(this.root)
    this.write('app.mjs', APP)
    this.write('agents/echo/index.ts', 'export default 1')
    this.write('stages/default.yaml', 'prefix: one')
    this.write('workflows/simple.yaml', 'name: simple')
    this.write('node_modules/far/package.json', '{"version":"1.0.0"}')
    this.write('node_modules/far/lib.js', 'export default 1')
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  /** Whether the app ran; its warnings are the same either way. */
  async start(): Promise<boolean> {
    let ran = false
    const onStart = (): void => {
      ran = true
    }
    const warnings = await synthesize(this.out, { project: this.project, data: this.data, onStart })
    expect(warnings).toEqual(['warning: nobody serves it'])
    expect(existsSync(join(this.out, 'manifest.json'))).toBe(true)
    return ran
  }
}

/** Longer than a file's time of change may lag behind the clock. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30))

async function kept(): Promise<Place> {
  const place = new Place()
  await settle()
  expect(await place.start()).toBe(true)
  return place
}

describe('the assembly of the last start', () => {
  const changes: [what: string, change: (place: Place) => void][] = [
    ['a changed file of an agent', (place) => place.write('agents/echo/index.ts', 'export default 2')],
    ['a new agent', (place) => place.write('agents/other/index.ts', 'export default 1')],
    ['a removed workflow', ({ root }) => rmSync(join(root, 'workflows/simple.yaml'))],
    ['a changed stage', (place) => place.write('stages/default.yaml', 'prefix: two')],
    ['a new stage', (place) => place.write('stages/more.yaml', 'prefix: two')],
    ['a changed app', (place) => place.write('app.mjs', `${APP}\n// more`)],
    ['a file beside them', (place) => place.write('lib/deep/below.json', '{}')],
    ['a file of settings', (place) => place.write('.env', 'A=1')],
    ['cdk.json', (place) => place.write('cdk.json', '{"context":{}}')],
    ['an upgraded package', (place) => place.write('node_modules/far/package.json', '{"version":"1.0.1"}')],
    ['a new package', (place) => place.write('node_modules/@new/one/package.json', '{}')],
    ['a removed package', ({ root }) => rmSync(join(root, 'node_modules/far/package.json'))],
    ['an edited file of a package', (place) => place.write('node_modules/far/lib.js', 'export default 2')],
    ['a new lock', (place) => place.write('node_modules/.package-lock.json', '{}')],
    [
      'another command of the app',
      (place) => {
        place.project = { ...place.project, app: 'node ./app.mjs' }
      },
    ],
    ['a variable', () => void vi.stubEnv('STAGE', 'other')],
    [
      'a file of the assembly that is cut short',
      ({ out }) => truncateSync(join(out, 'bundles/api/index.mjs'), 3),
    ],
    ['a file of the assembly that is gone', ({ out }) => rmSync(join(out, 'manifest.json'))],
    ['a record that is gone', ({ out }) => rmSync(join(out, 'kept.json'))],
    ['a record that is cut short', ({ out }) => truncateSync(join(out, 'kept.json'), 100)],
    ['an assembly that is gone', ({ out }) => rmSync(out, { recursive: true })],
  ]
  it.each(changes)('is made anew after %s (kept-assembly/K1, kept-assembly/K3)', async (_, change) => {
    const place = await kept()
    change(place)
    await settle()
    expect(await place.start()).toBe(true)
    // And from then on nothing has changed.
    expect(await place.start()).toBe(false)
  })

  it('is made anew after a change of a linked package, which no lock and no package.json tells (kept-assembly/K1)', async () => {
    const linked = realpathSync(mkdtempSync(join(tmpdir(), 'linked-')))
    made.push(linked)
    writeFileSync(join(linked, 'package.json'), '{}')
    writeFileSync(join(linked, 'index.js'), 'export default 1')
    const place = new Place()
    mkdirSync(join(place.root, 'node_modules/@acme'))
    symlinkSync(linked, join(place.root, 'node_modules/@acme/constructs'))
    await settle()
    expect([await place.start(), await place.start()]).toEqual([true, false])
    writeFileSync(join(linked, 'index.js'), 'export default 2')
    expect([await place.start(), await place.start()]).toEqual([true, false])
  })

  const others: [what: string, change: (place: Place) => void][] = [
    ['nothing', () => {}],
    ['tasks', (place) => place.write('.orchestrator/tables/data', 'rows')],
    ['a commit', (place) => place.write('.git/index', 'index')],
    ['the same text saved again', (place) => place.write('agents/echo/index.ts', 'export default 1')],
    ['the cache of a tool', (place) => place.write('node_modules/.cache/tool/x', '1')],
    [
      'an assembly of cdk synth',
      (place) => {
        place.write('cdk.out/cdk.out', '{}')
        place.write('cdk.out/manifest.json', '{}')
      },
    ],
    ['another terminal', () => void vi.stubEnv('TERM_SESSION_ID', 'other')],
    ['a reload', (place) => place.write('.orchestrator/cdk.out/reload/x.mjs', '1')],
  ]
  it.each(others)('is taken again after %s (kept-assembly/K1)', async (_, change) => {
    const place = await kept()
    change(place)
    expect(await place.start()).toBe(false)
  })

  it('is not recorded when something changes meanwhile (kept-assembly/K4)', async () => {
    const place = new Place()
    place.write('app.mjs', `${APP}\nwriteFileSync('stages/default.yaml', 'prefix: ' + Math.random())`)
    expect([await place.start(), await place.start()]).toEqual([true, true])
    const late = new Place()
    late.write('app.mjs', `${APP}\nwriteFileSync('node_modules/far/lib.js', 'export default 3')`)
    expect([await late.start(), await late.start()]).toEqual([true, true])
  })

  it('is that of the last synthesis that succeeded (kept-assembly/K2)', async () => {
    const place = await kept()
    place.write('app.mjs', `${APP}\nprocess.exit(1)`)
    await expect(place.start()).rejects.toThrow('could not be synthesized')
    expect(readdirSync(place.data)).toEqual(['cdk.out'])
    place.write('app.mjs', `${APP}\n// mended`)
    expect(await place.start()).toBe(true)
    expect(readFileSync(join(place.out, 'bundles/api/index.mjs'), 'utf8')).toBe('export default 1')
  })

  it('is not touched by the app of a process that was killed, and what that has left is removed (kept-assembly/K2)', async () => {
    const place = await kept()
    const { pid = 0 } = spawnSync(process.execPath, ['-e', '0'])
    place.write(`.orchestrator/cdk.out.${pid}.new/manifest.json`, '{"half')
    place.write(`.orchestrator/cdk.out.${process.ppid}.new/manifest.json`, '{}')
    place.write('stages/default.yaml', 'prefix: two')
    expect(await place.start()).toBe(true)
    expect(readdirSync(place.data).sort()).toEqual(['cdk.out', `cdk.out.${process.ppid}.new`])
  })

  it('leaves nothing behind of an older assembly', async () => {
    const place = await kept()
    place.write('.orchestrator/cdk.out/asset.old/index.mjs', 'old')
    place.write('stages/default.yaml', 'prefix: two')
    expect(await place.start()).toBe(true)
    expect(readdirSync(place.out)).not.toContain('asset.old')
  })
})
