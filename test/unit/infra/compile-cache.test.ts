import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { boundCompileCache, COMPILE_CACHE } from '../../../local/compile-cache.ts'

let parent: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'compile-cache-'))
})
afterEach(() => rm(parent, { recursive: true }))

/** A cache of ten files of 100 bytes, of which `0` is the oldest. */
async function cacheNamed(name: string): Promise<{ folder: string; kept(): Promise<string[]> }> {
  const folder = join(parent, name)
  const version = join(folder, 'v24')
  await mkdir(version, { recursive: true })
  for (let at = 0; at < 10; at++) {
    await writeFile(join(version, `${at}`), 'x'.repeat(100))
    await utimes(join(version, `${at}`), at + 1, at + 1)
  }
  return { folder, kept: async () => (await readdir(version)).sort() }
}

it('a compile cache loses its oldest files where it is too large, and not at every start', async () => {
  const { folder, kept } = await cacheNamed(COMPILE_CACHE)
  await boundCompileCache(folder, 1_000)
  expect(await kept()).toHaveLength(10)
  await rm(join(folder, 'swept'))
  await boundCompileCache(folder, 500)
  expect(await kept()).toEqual(['7', '8', '9'])
  await boundCompileCache(folder, 10)
  expect(await kept()).toEqual(['7', '8', '9'])
})

it('the compile cache of another owner is left alone', async () => {
  const { folder, kept } = await cacheNamed('node-compile-cache')
  await boundCompileCache(folder, 10)
  expect(await kept()).toHaveLength(10)
  await expect(boundCompileCache(join(parent, 'none', COMPILE_CACHE), 10)).resolves.toBeUndefined()
})

it('the CLI names it as the local cloud does', async () => {
  const bin = await readFile(new URL('../../../bin/orchestrator.mjs', import.meta.url), 'utf8')
  expect(bin).toContain(`enableCompileCache(join(tmpdir(), '${COMPILE_CACHE}'))`)
})
