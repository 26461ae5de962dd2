import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPILE_CACHE } from '../../../local/compile-cache.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** The synthesized assembly, shared by all tests of a run. */
export const ASSEMBLY = join(ROOT, '.orchestrator/test-assembly')

export default function setup(): void {
  // Child processes of tests share the compile cache, which the CLI uses too.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), COMPILE_CACHE)
  // Their syntheses share the bundle cache, because most bundles are the same.
  process.env.ORCHESTRATOR_BUNDLE_CACHE ??= join(ROOT, 'node_modules/.cache/orchestrator/bundles')
  // Created before files are read: the cache keeps no bundle whose inputs changed meanwhile, and a new folder counts as
  // a change.
  for (const folder of [ASSEMBLY, process.env.ORCHESTRATOR_BUNDLE_CACHE])
    mkdirSync(folder, { recursive: true })
  const app = spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: ROOT,
    // The templates are validated in a test (test/cloud/api/stages.test.ts), so that runs of single files do not
    // wait for that.
    env: { ...process.env, CDK_OUTDIR: ASSEMBLY, CDK_VALIDATION: 'false' },
    encoding: 'utf8',
  })
  if (app.status !== 0) throw new Error(`the stacks could not be synthesized:\n${app.stdout}${app.stderr}`)
}
