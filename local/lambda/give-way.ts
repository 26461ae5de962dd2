import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * Lets this thread run after those of normal priority when there are too few processors for all. Linux has a priority for each
 * thread; elsewhere all stay equal.
 */
export function giveWay(): void {
  try {
    // <process>/task/<thread>
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Then not.
  }
}
