import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** For what a module has left to the next turns of the event loop. */
const DRAIN_MILLISECONDS = 20

/**
 * Runs `load`, which imports modules of agents, and notes what they throw without anyone awaiting it: in a timer, or in a promise. It would end
 * this process with a stack of Node.js alone.
 */
export async function withLateFailures<T>(load: () => Promise<T>): Promise<{ value: T; late: unknown[] }> {
  const late: unknown[] = []
  const note = (error: unknown): void => void late.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  try {
    const value = await load()
    await delay(DRAIN_MILLISECONDS)
    return { value, late }
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note)
  }
}

/** The entry whose file a failure's stack names. Throws a failure that none of them has. */
export function entryOfFailure(failure: unknown, entries: readonly string[]): string {
  const stack = failure instanceof Error ? (failure.stack ?? '') : ''
  const found = entries.find((entry) => stack.includes(`${pathToFileURL(entry).href}:`))
  if (found === undefined) throw failure
  return found
}
