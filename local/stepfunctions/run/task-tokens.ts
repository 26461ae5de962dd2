import { AwsError } from '../../aws/errors.ts'

/** The task that waits for a token. Both callbacks store the answer before they return. */
export type Waiting = {
  settle(outcome: { output: unknown } | { error?: string; cause?: string }): void
  heartbeat(): void
}

const RANDOM_BYTES = 24
const TOKEN = /^(arn:aws:states:[^ ]+) [0-9a-f]{48}$/

/** The task tokens in use. A token's holder may answer its task, once. */
export class TaskTokens {
  readonly #waiting = new Map<string, Waiting>()
  readonly #bytes: (size: number) => Uint8Array
  #complete = true

  /** `bytes` is the source of randomness; tokens are as hard to guess as its output. */
  constructor(bytes: (size: number) => Uint8Array) {
    this.#bytes = bytes
  }

  /** Opaque to its holder. It contains the machine, because permissions to answer are granted by machine. */
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

  /** False while executions are still being resumed: an unknown token may then belong to one of them. */
  set complete(complete: boolean) {
    this.#complete = complete
  }

  open(token: string, waiting: Waiting): void {
    this.#waiting.set(token, waiting)
  }

  close(token: string): void {
    this.#waiting.delete(token)
  }

  /** Throws InvalidToken for a token that never existed, TaskTimedOut for one whose task has ended. */
  get(token: string): Waiting {
    const found = this.#waiting.get(token)
    if (found) return found
    this.machineOf(token)
    if (!this.#complete)
      throw new AwsError('ServiceUnavailable', 'executions are being resumed; try again', 503)
    throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'")
  }
}
