import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { brokenLinks } from '../../../scripts/docs/broken-links.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'links-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function check(files: Record<string, string>) {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return brokenLinks(root, Object.keys(files))
}

it('finds planted violations, with their lines', () => {
  const { broken, checked } = check({
    'README.md':
      '# Top\n\n[a page](docs/gone.md)\n\n[a part](docs/here.md#nowhere), [out](../x.md)\n\n![none](docs/x.svg)',
    'docs/here.md': '# Here\n\n[back](../README.md#top) and [own](#missing)',
    'shared/a.ts': '// why: docs/gone.md\n// and docs/here.md#here, docs/here.md#there',
  })
  expect(broken.map(({ file, line, why }) => `${file}:${line}: ${why}`)).toEqual([
    'README.md:3: there is no docs/gone.md',
    'README.md:5: docs/here.md has no heading with the anchor #nowhere',
    'README.md:5: it leads out of the repository',
    'README.md:7: there is no docs/x.svg',
    'docs/here.md:3: docs/here.md has no heading with the anchor #missing',
    'shared/a.ts:1: there is no docs/gone.md',
    'shared/a.ts:2: docs/here.md has no heading with the anchor #there',
  ])
  expect(checked).toBe(9)
})

it('takes what is there: files, folders, anchors as GitHub makes them; no code, no address', () => {
  const { broken } = check({
    'README.md':
      '[1](docs) [2](docs/a.md#what-it-may-take-when-and-why) [3](docs/a.md#twice-1) [4](https://example.com/none)\n`[5](none.md)`\n\n    [6](none.md)\n\n```\n[7](none.md)\n```\n[8](docs/a.md#a_b-status-402)',
    'docs/a.md': '# What it may take, when and *why*?\n\n## Twice\n\n## Twice\n\n### `a_b` (status 402)\n',
  })
  expect(broken).toEqual([])
})
