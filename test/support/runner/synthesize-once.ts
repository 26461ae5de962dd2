import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')

/** Where every test finds the synthesized assembly; made once for a run. */
export const ASSEMBLY = join(ROOT, '.orchestrator/test-assembly')

export default function setup(): void {
  // Children that tests start load what is compiled already: Node.js's own default, where the CLI keeps it too.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')
  const app = spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: ROOT,
    env: { ...process.env, CDK_OUTDIR: ASSEMBLY },
    encoding: 'utf8',
  })
  if (app.status !== 0) throw new Error(`the stacks could not be synthesized:\n${app.stdout}${app.stderr}`)
}
