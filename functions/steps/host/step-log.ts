import type { Logger } from '@aws-lambda-powertools/logger'

type Facts = Readonly<Record<string, unknown>>
export type StepLog = {
  info(message: string, facts: Facts): void
  warn(message: string, facts: Facts): void
  /** The same with more facts on every line. */
  with(more: Facts): StepLog
}

/** A logger that adds the same facts to every line. A child of the logger would be a console of its own: for each step. */
export function stepLog(logger: Logger, always: Facts): StepLog {
  return {
    info: (message, facts) => logger.info(message, { ...facts, ...always }),
    warn: (message, facts) => logger.warn(message, { ...facts, ...always }),
    with: (more) => stepLog(logger, { ...always, ...more }),
  }
}
