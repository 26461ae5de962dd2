import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, it, onTestFinished } from 'vitest'
import { BUNDLING } from '../../../infra/bundle-functions.ts'
import { PACKAGE_ROOT } from '../../../infra/package-root.ts'

const PROGRAM = `
  import { checkFiles } from './functions/agents/code-check/check-files.ts'
  import { runCode } from './functions/agents/code-run/run-code.ts'
  const files = [{ path: 'a.ts', content: 'const n: number = "x"' }]
  const { diagnostics } = checkFiles({ files, strict: true, environment: 'sandbox', timeoutSeconds: 30 })
  const code = 'export default (n: number) => n + 1'
  const input = { language: 'typescript', code, input: 2, timeoutSeconds: 10, memoryMb: 64 }
  const { output } = await runCode(input, new AbortController().signal)
  console.log(JSON.stringify({ code: diagnostics[0].code, output }))
  process.exit(0)`

it('the engines of code.check and code.run work in a bundle, without their packages', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engines-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const outfile = join(folder, 'index.mjs')
  const stdin = { contents: PROGRAM, resolveDir: PACKAGE_ROOT, loader: 'ts' } as const
  await build({ ...BUNDLING, inject: [], stdin, outfile })
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], { cwd: folder, env: {} })
  expect(JSON.parse(stdout)).toEqual({ code: 'TS2322', output: 3 })
}, 60_000)
