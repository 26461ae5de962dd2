import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyPackageFolder } from '../../../scripts/package/empty-package-folder.ts'
import { makePackage } from '../../../scripts/package/make-package.ts'

const PACKED = { name: 'orchestrator', version: '0.1.0', exports: {} }
const CHECKOUT = { ...PACKED, scripts: { pack: 'node scripts/pack.ts' } }

let home: string
let checkout: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pack-'))
  checkout = made('checkout', CHECKOUT)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** A folder with a file, and a package.json where one is given. */
function made(name: string, manifest?: object): string {
  const folder = join(home, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'notes.md'), 'kept')
  if (manifest) writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  return folder
}
const empty = (folder: string) => emptyPackageFolder(folder, { root: checkout, name: 'orchestrator' })

describe('the folder of a package', () => {
  it('is created, and emptied of an earlier run’s files', async () => {
    expect(await empty(join(home, 'new/dist'))).toBe(join(home, 'new/dist'))
    const earlier = made('checkout/dist', PACKED)
    expect(await empty(earlier)).toBe(earlier)
    expect([readdirSync(earlier), readdirSync(join(home, 'new/dist'))]).toEqual([[], []])
  })

  it('says in one line why it cannot be made', async () => {
    await expect(empty('/proc/x')).rejects.toThrow(
      '--out "/proc/x" cannot be a folder: no folder can be made there (ENOENT)',
    )
  })

  it.each([
    [['--out', join(import.meta.filename, 'x')], /^error: --out ".*" is refused, .*: it is a file\. .*\n$/],
    [['--out', '/proc/x'], /^error: --out "\/proc\/x" cannot be a folder: .*\n$/],
    [['--ot', 'x'], /^error: Unknown option '--ot'.*\n$/],
  ])('is refused on the command line without a stack: %j', (args, message) => {
    const script = join(import.meta.dirname, '../../../scripts/pack.ts')
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
  })

  it.each([
    ['the checkout', () => checkout, 'it holds this checkout'],
    ['a folder around the checkout', () => home, 'it holds this checkout'],
    ['the root of the disk', () => '/', 'it holds this checkout'],
    ['the checkout by another name', () => linked(), 'it holds this checkout'],
    [
      'a folder of something else',
      () => made('documents'),
      'it is neither empty nor a package of "orchestrator"',
    ],
    ['another package', () => made('other', { name: 'other' }), 'nor a package of "orchestrator": it has'],
    ['another checkout', () => made('second', CHECKOUT), 'nor a package of "orchestrator": it has'],
    ['a manifest that cannot be read', () => unreadable(), 'nor a package of "orchestrator": it has'],
    ['a file', () => join(made('documents'), 'notes.md'), 'it is a file'],
  ])('is refused, and keeps what it has: %s', async (_what, folderOf, reason) => {
    const folder = folderOf()
    const before = readdirSync(home, { recursive: true })
    await expect(empty(folder)).rejects.toThrow(reason)
    await expect(empty(folder)).rejects.toThrow(`"${folder}"`)
    expect(readdirSync(home, { recursive: true })).toEqual(before)
  })

  function linked(): string {
    symlinkSync(home, join(home, 'link'))
    return join(home, 'link/checkout')
  }

  function unreadable(): string {
    const folder = made('broken')
    writeFileSync(join(folder, 'package.json'), '{')
    return folder
  }

  it('is looked at before anything is packed', async () => {
    const documents = made('documents')
    await expect(makePackage(documents)).rejects.toThrow('neither empty nor a package')
    expect(readdirSync(documents)).toEqual(['notes.md'])
  })
})
