import type { Problem } from '../shared/contracts/problem-view.ts'
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

/** A workflow file with issues, refused before the API is called, in the form of the API's problem document. */
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

/** Awaits a request about a file, and adds the file's name to a refusal. */
export async function about<T>(file: string | undefined, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (file === undefined || !(error instanceof CliError)) throw error
    // Issues of a task's input are not about the workflow file.
    const isInput = error.problem?.type.endsWith(':InvalidInputError') ?? false
    throw new CliError(error.message, error.exitCode, error.problem, isInput ? '--input' : file)
  }
}
