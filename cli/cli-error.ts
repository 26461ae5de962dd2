import type { Problem } from '../shared/contracts/views.ts'
import { describeIssues, type Issue } from '../shared/domain/issue.ts'

/** Exit codes that scripts can rely on. */
export const EXIT = {
  ok: 0,
  taskFailed: 1,
  different: 1,
  usage: 2,
  unreachable: 3,
  bug: 70,
  interrupted: 130,
} as const

/** A failure reported to the user as one message, without a stack trace. */
export class CliError extends Error {
  readonly exitCode: number
  readonly problem: Problem | undefined
  /** The file that the problem's issues are about. */
  readonly file: string | undefined

  constructor(message: string, exitCode: number = EXIT.usage, problem?: Problem, file?: string) {
    super(message)
    this.exitCode = exitCode
    this.problem = problem
    this.file = file
  }
}

/** The failure of a workflow file that is refused before the API is asked, as the API would answer. */
export function refusedFile(file: string, issues: Issue[]): CliError {
  const detail = describeIssues(issues)
  const problem = {
    type: 'urn:orchestrator:InvalidWorkflowError',
    title: 'Unprocessable Content',
    status: 422,
    detail,
    issues,
  }
  return new CliError(detail, EXIT.usage, problem, file)
}

/** The answer of a request about a file; its refusal names the file. Without a file the refusal stays as it is. */
export async function about<T>(file: string | undefined, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (file === undefined || !(error instanceof CliError)) throw error
    // What is wrong with the input of a task is not in the file of its workflow.
    const isInput = error.problem?.type.endsWith(':InvalidInputError') ?? false
    throw new CliError(error.message, error.exitCode, error.problem, isInput ? '--input' : file)
  }
}
