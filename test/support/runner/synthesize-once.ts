import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')

/** The synthesized assembly, shared by all tests of a run. */
export const ASSEMBLY = join(ROOT, '.orchestrator/test-assembly')

export default function setup(): void {
  // Child processes of tests share the compile cache, in Node.js's default folder, which the CLI uses too.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')
  // So do their syntheses the bundles of functions, most of which are the same in all of them.
  process.env.ORCHESTRATOR_BUNDLE_CACHE ??= join(ROOT, 'node_modules/.cache/orchestrator/bundles')
  // Before files are read: what changes meanwhile is not kept, and that includes folders that get new ones.
  for (const folder of [ASSEMBLY, process.env.ORCHESTRATOR_BUNDLE_CACHE])
    mkdirSync(folder, { recursive: true })
  const app = spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: ROOT,
    // A test validates the templates (test/integration/api/stages.test.ts); here every run of a single file would wait for it.
    env: { ...process.env, CDK_OUTDIR: ASSEMBLY, CDK_VALIDATION: 'false' },
    encoding: 'utf8',
  })
  if (app.status !== 0) throw new Error(`the stacks could not be synthesized:\n${app.stdout}${app.stderr}`)
}
