import { vi } from 'vitest'
import { main } from '../../../cli/main.ts'

/** Runs the command line in this process with its own environment; returns its output and exit code. */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const printed = { stdout: '', stderr: '' }
  for (const [name, value] of Object.entries({ NO_COLOR: '1', COLUMNS: '80', ...env }))
    vi.stubEnv(name, value)
  const into = (name: 'stdout' | 'stderr') => (text: unknown) => {
    printed[name] += String(text)
    return true
  }
  const line =
    (name: 'stdout' | 'stderr') =>
    (text: unknown = '') =>
      void into(name)(`${String(text)}\n`)
  vi.spyOn(process.stdout, 'write').mockImplementation(into('stdout'))
  vi.spyOn(process.stderr, 'write').mockImplementation(into('stderr'))
  vi.spyOn(console, 'log').mockImplementation(line('stdout'))
  vi.spyOn(console, 'error').mockImplementation(line('stderr'))
  const before = process.exitCode
  try {
    return { code: await main(args), ...printed }
  } finally {
    process.exitCode = before
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}
