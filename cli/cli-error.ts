import type { Problem } from '../shared/contracts/views.ts'

/** Exit codes that scripts can rely on. */
export const EXIT = { ok: 0, taskFailed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** A failure reported to the user as one message, without a stack trace. */
export class CliError extends Error {
  readonly exitCode: number
  readonly problem: Problem | undefined

  constructor(message: string, exitCode: number = EXIT.usage, problem?: Problem) {
    super(message)
    this.exitCode = exitCode
    this.problem = problem
  }
}
