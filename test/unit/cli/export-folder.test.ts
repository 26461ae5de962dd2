/** The folder of an export, against names and links that would lead out of it or stop it. */
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ExportFolder } from '../../../cli/export/folder.ts'
import { pathOf } from '../../../cli/export/parts.ts'
import { FilePathSchema } from '../../../shared/domain/file-reference.ts'

let outside: string
let root: string
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'export-'))
  root = join(outside, 'out')
})
afterEach(() => rmSync(outside, { recursive: true, force: true }))

const download = (text: string) => ({ url: `data:text/plain,${text}`, bytes: text.length })

/** Names that the service takes, and some that it does not. */
const HOSTILE = [
  ...['../../x', '..', '.', '/etc/passwd', 'a//b', 'a\\..\\b', 'C:\\x', 'a\nb', 'a\u0000b', 'con', 'NUL.txt'],
  ...[
    'a',
    'A',
    'a.part',
    'manifest.json',
    '.export.json',
    'tasks.jsonl',
    'ß',
    'ss',
    'ſ',
    's',
    'é',
    'e\u0301',
  ],
  ...[`${'字'.repeat(79)}A`, '𠀀'.repeat(80), 'x'.repeat(255), Array(130).fill('.a').join('/')],
]

describe('files of an export', () => {
  it('are kept within the folder, whatever they are called, and none over another (export/F3, export/F4)', async () => {
    const folder = await ExportFolder.open(root, 'acme')
    const kept = new Map<string, string>()
    for (const [at, name] of HOSTILE.entries()) {
      const text = `text-${at}`
      kept.set(await folder.keepFile(pathOf(`files/f/${name}`), download(text)), text)
    }
    expect(kept.size).toBe(HOSTILE.length)
    for (const [path, text] of kept) {
      expect(resolve(root, path).startsWith(`${root}${sep}`)).toBe(true)
      expect(readFileSync(join(root, path), 'utf8')).toBe(text)
    }
    expect(readdirSync(outside)).toEqual(['out'])
    // File systems that take capital letters for small ones find no two of them the same.
    const folded = [...kept.keys()].map((path) => path.normalize('NFC').toUpperCase().toLowerCase())
    expect(new Set(folded).size).toBe(HOSTILE.length)
  })

  it('have paths that file systems take, of whatever keys there may be (export/F4)', () => {
    const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constant('.A'))
    const names = fc
      .array(part, { minLength: 1, maxLength: 200 })
      .map((parts) => parts.join('/').slice(0, 400))
    fc.assert(
      fc.property(names, (name) => {
        const path = pathOf(`files/f/${name}`)
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(600)
        for (const one of path.split('/')) {
          expect(one).not.toMatch(/^\.*$/)
          expect(Buffer.byteLength(one)).toBeLessThanOrEqual(250)
        }
      }),
    )
  })

  it.each([[['a', 'a/b']], [['a/b', 'a']], [['a/b/c', 'a/b', 'a']]])(
    'are kept where one is called as the folder of another, also by a repeat: %j (export/F4)',
    async (names) => {
      for (const name of names) expect(FilePathSchema.safeParse(name).success).toBe(true)
      const keep = async (folder: ExportFolder) => {
        const paths: string[] = []
        for (const name of names)
          paths.push(await folder.keepFile(pathOf(`files/f/${name}`), download(`of-${name}`)))
        return paths
      }
      const paths = await keep(await ExportFolder.open(root, 'acme'))
      expect(paths.map((path) => readFileSync(join(root, path), 'utf8'))).toEqual(
        names.map((name) => `of-${name}`),
      )
      expect(await keep(await ExportFolder.open(root, 'acme'))).toEqual(paths)
    },
  )
})

describe('the folder of an export', () => {
  it.skipIf(process.platform === 'win32')('is readable by its owner alone', async () => {
    await ExportFolder.open(root, 'acme')
    expect(lstatSync(root).mode & 0o077).toBe(0)
  })

  it
    .skipIf(process.platform === 'win32')
    .each(['tasks.jsonl', 'files', '.export.json.part', 'manifest.json.part'])(
    'with a link in it is refused, and what that leads to stays: %s (export/F3)',
    async (name) => {
      await ExportFolder.open(root, 'acme')
      const precious = join(outside, 'precious')
      writeFileSync(precious, 'precious')
      symlinkSync(name === 'files' ? outside : precious, join(root, name))
      await expect(ExportFolder.open(root, 'acme')).rejects.toThrow('is no file of an export')
      expect(readFileSync(precious, 'utf8')).toBe('precious')
    },
  )
})
