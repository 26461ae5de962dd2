import { randomBytes } from 'node:crypto'
import { AwsError } from '../endpoint/aws-error.ts'

/** How a task that waits for its token is told. Both have taken effect, durably, when they return. */
export type Waiting = {
  settle(outcome: { output: unknown } | { error?: string; cause?: string }): void
  heartbeat(): void
}

const TOKEN_BYTES = 48
const TOKEN = /^[A-Za-z0-9_-]{64}$/

/** The tokens that tasks wait for. Whoever has one may answer the task, once. */
export class TaskTokens {
  readonly #waiting = new Map<string, Waiting>()

  make(): string {
    return randomBytes(TOKEN_BYTES).toString('base64url')
  }

  open(token: string, waiting: Waiting): void {
    this.#waiting.set(token, waiting)
  }

  close(token: string): void {
    this.#waiting.delete(token)
  }

  /** Throws InvalidToken for what was never one, TaskTimedOut for one whose task is over. */
  get(token: string): Waiting {
    const found = this.#waiting.get(token)
    if (found) return found
    if (!TOKEN.test(token)) throw new AwsError('InvalidToken', `Invalid Token: '${token}'`)
    throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'")
  }
}
