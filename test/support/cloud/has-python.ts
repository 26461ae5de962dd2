import { spawnSync } from 'node:child_process'

let known: boolean | undefined

/** Whether this machine has Python 3; what needs it is skipped without, and that is said. */
export function hasPython(): boolean {
  known ??= spawnSync('python3', ['--version']).status === 0
  if (!known) console.warn('python3 is not found: tests of agents in Python are skipped')
  return known
}
