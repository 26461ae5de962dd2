import { AsyncLocalStorage } from 'node:async_hooks'
import { format } from 'node:util'
import { boundedText } from '../../shared/domain/bounded.ts'
import type { StepLog } from '../../shared/host/step-log.ts'

/** `console.log` of a large value is cut: a line of a log may have 1 MB, and people read less. */
const MOST_CHARACTERS = 8_000

const LEVELS = { log: 'info', info: 'info', debug: 'info', warn: 'warn', error: 'warn' } as const

const logs = new AsyncLocalStorage<StepLog>()
let isReplaced = false

/**
 * Runs an agent whose `console` writes lines of its step's log, so that they are found with the task. Invocations may overlap, and what an
 * agent has begun belongs to it also after others have begun.
 */
export function withStepConsole<T>(log: StepLog, work: () => T): T {
  replaceConsole()
  return logs.run(log, work)
}

function replaceConsole(): void {
  if (isReplaced) return
  isReplaced = true
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, 'info' | 'warn'][]) {
    const original = console[method].bind(console)
    console[method] = (...given: unknown[]): void => {
      const log = logs.getStore()
      if (!log) return original(...given)
      // The log may use the console itself.
      logs.exit(() => log[level](boundedText(textOf(given), MOST_CHARACTERS), { from: 'console' }))
    }
  }
}

/** A value's own inspection may throw. */
function textOf(given: readonly unknown[]): string {
  try {
    return format(...given)
  } catch {
    return 'something that cannot be shown'
  }
}
