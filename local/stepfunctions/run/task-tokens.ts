import { AwsError } from '../../aws/errors.ts'

/** How a task that waits for its token is told. Both have taken effect, durably, when they return. */
export type Waiting = {
  settle(outcome: { output: unknown } | { error?: string; cause?: string }): void
  heartbeat(): void
}

const RANDOM_BYTES = 24
const TOKEN = /^(arn:aws:states:[^ ]+) [0-9a-f]{48}$/

/** The tokens that tasks wait for. Whoever has one may answer the task, once. */
export class TaskTokens {
  readonly #waiting = new Map<string, Waiting>()
  readonly #bytes: (size: number) => Uint8Array
  #complete = true

  /** Tokens are as hard to guess as `bytes`. */
  constructor(bytes: (size: number) => Uint8Array) {
    this.#bytes = bytes
  }

  /** Opaque to those who get it; it holds the machine, for permissions to answer are given by machine. */
  make(stateMachineArn: string): string {
    const text = `${stateMachineArn} ${Buffer.from(this.#bytes(RANDOM_BYTES)).toString('hex')}`
    return Buffer.from(text).toString('base64url')
  }

  /** Throws InvalidToken. */
  machineOf(token: string): string {
    const [, stateMachineArn] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? []
    if (stateMachineArn) return stateMachineArn
    throw new AwsError('InvalidToken', `Invalid Token: '${token}'`)
  }

  /** Until all that an earlier life has left waits again, an unknown token may still be somebody's. */
  set complete(complete: boolean) {
    this.#complete = complete
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
    this.machineOf(token)
    if (!this.#complete)
      throw new AwsError('ServiceUnavailable', 'executions are being resumed; try again', 503)
    throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'")
  }
}
