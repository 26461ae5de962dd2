import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { digestOfCode } from '../../../functions/telemetry/code-digest.ts'

it('names code by what is in its file, and what cannot be read not at all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'code-'))
  const digestOf = async (code: string) => {
    await writeFile(join(folder, 'index.mjs'), code)
    return digestOfCode(join(folder, 'index.mjs'))
  }
  const [one, other, again] = [await digestOf('a = 1'), await digestOf('a = 2'), await digestOf('a = 1')]
  expect(one).toMatch(/^[0-9a-f]{12}$/)
  expect([other === one, again]).toEqual([false, one])
  expect(await digestOfCode(join(folder, 'none.mjs'))).toBeUndefined()
  await rm(folder, { recursive: true })
})
