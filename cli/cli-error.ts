import type { Problem } from '../shared/contracts/views.ts'

/** What a script can tell apart. */
export const EXIT = { ok: 0, taskFailed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** An end that a person is told about in one message, without a stack. */
export class CliError extends Error {
  readonly exitCode: number
  readonly problem: Problem | undefined

  constructor(message: string, exitCode: number = EXIT.usage, problem?: Problem) {
    super(message)
    this.exitCode = exitCode
    this.problem = problem
  }
}
