import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { ENVIRONMENT } from './environment.ts'

/** The import time of a module in milliseconds, in a fresh process that does nothing else, as in a cold start: the median of so many runs. */
export function importTime(file: string, runs: number): number {
  const script = `const t = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); process.stdout.write(String(performance.now() - t)); process.exit(0)`
  const times = Array.from({ length: runs }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, ...ENVIRONMENT },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${file} cannot be imported: ${stderr}`)
    return Number(stdout.split('\n').at(-1))
  })
  return times.sort((a, b) => a - b)[runs >> 1] ?? 0
}
