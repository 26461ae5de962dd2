import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { FirstStart } from '../../../cli/dev/first-start.ts'
import { stateOfFiles } from '../../../cli/dev/synthesis/project-state.ts'
import { uploadReadmes } from '../../../cli/dev/upload-readmes.ts'

const root = await mkdtemp(join(tmpdir(), 'upload-readmes-'))
const start = await FirstStart.of(root)
afterAll(() => rm(root, { recursive: true, force: true }))

/** Nothing listens there: a request would fail. */
const NO_API = 'http://127.0.0.1:9'

it('uploads nothing where no package has a README, because sample data are optional', async () => {
  expect(await uploadReadmes(NO_API, join(root, 'not-installed'), start)).toBe(0)
  await mkdir(join(root, 'node_modules/plain/lib'), { recursive: true })
  expect(await uploadReadmes(NO_API, root, start)).toBe(0)
})

it('uploads nothing that an earlier start has uploaded, unless it has changed', async () => {
  const file = join(root, 'node_modules/read/README.md')
  await mkdir(join(root, 'node_modules/read'), { recursive: true })
  await writeFile(file, 'one')
  await expect(uploadReadmes(NO_API, root, start)).rejects.toThrow()
  await start.note({ readmes: stateOfFiles([file]) })
  expect(await uploadReadmes(NO_API, root, await FirstStart.of(root))).toBe(1)
  await writeFile(file, 'changed')
  await expect(uploadReadmes(NO_API, root, await FirstStart.of(root))).rejects.toThrow()
})

it('begins anew where what earlier starts have noted cannot be read', async () => {
  await writeFile(join(root, 'first-start.json'), '{"sample":')
  expect((await FirstStart.of(root)).done).toEqual({})
})
