import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { BuildProcess } from '../../../cli/dev/build-process.ts'
import { bundleExpressions } from '../../../infra/bundle-expressions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'

const root = await mkdtemp(join(tmpdir(), 'build-changes-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const AGENT = `
import { writeFileSync } from 'node:fs'
import * as z from ${JSON.stringify(fileURLToPath(import.meta.resolve('zod')))}
import { defineAgent } from ${JSON.stringify(join(PACKAGE_ROOT, 'shared/agent/index.ts'))}
import { word } from './word.ts'
// As if a person saved that file just after it was read.
writeFileSync(new URL('./word.ts', import.meta.url), "export const word = 'second'")
export default defineAgent({
  id: 'late',
  version: '1.0.0',
  description: 'Says a word.',
  capabilities: { 'late.say': { description: 'Says.', input: z.object({}), output: z.string() } },
  limits: { timeoutSeconds: 60, memoryMb: 256 },
  execute: async () => word,
})
`

it('keeps no bundle of an agent whose files were saved while it was built (reload/L5)', async () => {
  const base = join(root, 'cdk.out')
  await mkdir(join(root, 'agents/late'), { recursive: true })
  await mkdir(join(base, 'bundles'), { recursive: true })
  await writeFile(join(root, 'agents/late/index.ts'), AGENT)
  await writeFile(join(root, 'agents/late/word.ts'), "export const word = 'first'")
  const from = [{ root, agents: 'agents', workflows: 'workflows' }]
  await writeFile(
    join(base, 'bundles/sources.json'),
    JSON.stringify({ agents: {}, workflows: {}, from, files: [] }),
  )
  await bundleExpressions(join(base, 'expressions'))
  const build = new BuildProcess(root)
  expect(await build.build({ base, folder: join(base, 'reload/assembly-1'), left: [] })).toEqual({
    kind: 'outdated',
  })
  build.stop()
  expect(await readdir(join(base, 'reload'))).toEqual(['assembly-1'])
})
