/**
 * A lock between commands, as a file.
 *
 * Invariants (tests cite them):
 * held/L1 no two commands hold one lock, as long as none holds it for longer than STALE_MILLISECONDS
 * held/L2 the lock of a command that was killed holds nobody up for longer than that
 */
import { open, stat, unlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'

/** What is done under a lock is the reading and writing of a small file. */
export const STALE_MILLISECONDS = 5_000
const MOST_WAIT_MILLISECONDS = 2 * STALE_MILLISECONDS
const PAUSE_MILLISECONDS = 15

/** Does some work while no other command that asks for the same lock does. Throws CliError where it is not free in time. */
export async function whileHeld<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + MOST_WAIT_MILLISECONDS
  while (!(await take(lock))) {
    if (Date.now() > until)
      throw new CliError(`another command holds ${lock}; remove that file if there is none`)
    await delay(PAUSE_MILLISECONDS * (1 + Math.random()))
  }
  try {
    return await work()
  } finally {
    await unlink(lock).catch(() => {})
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new CliError(`${lock} cannot be made: ${(error as Error).message}`)
  }
  const { mtimeMs = Date.now() } = await stat(lock).catch(() => ({ mtimeMs: undefined }))
  if (Date.now() - mtimeMs > STALE_MILLISECONDS) await unlink(lock).catch(() => {})
  return false
}
