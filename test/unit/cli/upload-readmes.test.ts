import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { uploadReadmes } from '../../../cli/dev/upload-readmes.ts'

const root = await mkdtemp(join(tmpdir(), 'upload-readmes-'))
afterAll(() => rm(root, { recursive: true, force: true }))

/** Nothing listens there: a request would fail. */
const NO_API = 'http://127.0.0.1:9'

it('uploads nothing where no package has a README, because sample data are optional', async () => {
  expect(await uploadReadmes(NO_API, join(root, 'not-installed'))).toBe(0)
  await mkdir(join(root, 'node_modules/plain/lib'), { recursive: true })
  expect(await uploadReadmes(NO_API, root)).toBe(0)
})
