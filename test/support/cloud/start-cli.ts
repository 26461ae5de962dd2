import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')

export type Outcome = { code: number | null; stdout: string; stderr: string }

/** The CLI of the project in `root` as a child process, and its outcome. */
export function startCli(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  root = ROOT,
): { child: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [join(root, 'bin/orchestrator.mjs'), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '', ...env },
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  const outcome = new Promise<Outcome>((resolve) =>
    child.on('close', (code) => resolve({ code, ...printed })),
  )
  return { child, outcome }
}
