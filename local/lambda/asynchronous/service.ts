/**
 * Asynchronous invocations, as services make them: what fails is tried again, and then goes to the function's destination.
 *
 * Invariants (tests cite them):
 * asynchronous/A1 an invocation is tried as often as its function is configured for, and not again once it has succeeded
 * asynchronous/A2 one that failed for good is in the destination, with what was asked, before its caller is answered
 * asynchronous/A3 one that the end of the local cloud cut short is no failure: its caller is told so
 */
import { randomUUID } from 'node:crypto'
import type { EngineClock } from '../../stepfunctions/run/clock.ts'
import { type Invocation, STOPPED } from '../function-settings.ts'
import type { LambdaService } from '../service.ts'

type FunctionError = Extract<Invocation, { functionError: unknown }>['functionError']

/** `EventInvokeConfig` of a function. */
export type AsynchronousSettings = { retries: number; onFailure: string | undefined }

type Options = {
  lambda: Pick<LambdaService, 'get' | 'invoke'>
  clock: EngineClock
  /** Sends the record of a failure to the destination, by the function's role; rejects when that may not. */
  send: (destinationArn: string, record: object, functionArn: string) => void
  onLog?: ((functionName: string, text: string) => void) | undefined
}

/** Lambda waits for a minute, then two; nobody waits so long on a laptop. */
const RETRY_MILLISECONDS = [500, 2_000]
/** Without a configuration. */
const USUAL: AsynchronousSettings = { retries: 2, onFailure: undefined }

export class AsynchronousInvocations {
  readonly #options: Options
  /** By the function's name. */
  readonly #settings = new Map<string, AsynchronousSettings>()

  constructor(options: Options) {
    this.#options = options
  }

  configure(functionName: string, settings: AsynchronousSettings): void {
    this.#settings.set(functionName, settings)
  }

  forget(functionName: string): void {
    this.#settings.delete(functionName)
  }

  /**
   * Resolves when the function has succeeded, or its failure is where failures go. Rejects for a function that is not there, and when
   * the local cloud stops (asynchronous/A3). `key` identifies the call across restarts, if the caller repeats it.
   */
  async invoke(nameOrArn: string, payload: string, key?: string): Promise<void> {
    const { lambda, clock } = this.#options
    const { name, arn } = lambda.get(nameOrArn).settings
    const { retries, onFailure } = this.#settings.get(name) ?? USUAL
    const waits = [0, ...RETRY_MILLISECONDS.slice(0, retries)]
    let failure: FunctionError | undefined
    for (const wait of waits) {
      if (wait > 0) await clock.sleep(wait)
      const outcome = await lambda.invoke(arn, payload, key)
      if (!('functionError' in outcome)) return
      failure = outcome.functionError
      if (failure === STOPPED) throw new Error(failure.errorMessage)
    }
    if (failure) this.#fail({ name, arn, payload, failure, tries: waits.length, onFailure })
  }

  #fail({ name, arn, payload, failure, tries, onFailure }: Failed): void {
    const { clock, send, onLog } = this.#options
    const told = `${tries} of ${tries} tries failed: ${failure.errorType}: ${failure.errorMessage}`
    if (onFailure === undefined)
      return onLog?.(name, `${told}; the function has no destination for failures\n`)
    const record = {
      version: '1.0',
      timestamp: new Date(clock.now()).toISOString(),
      requestContext: {
        requestId: randomUUID(),
        functionArn: `${arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: tries,
      },
      requestPayload: JSON.parse(payload) as unknown,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: failure,
    }
    try {
      send(onFailure, record, arn)
    } catch (error) {
      onLog?.(name, `${told}; the failure could not be sent to ${onFailure}: ${(error as Error).message}\n`)
    }
  }
}

type Failed = {
  name: string
  arn: string
  payload: string
  failure: FunctionError
  tries: number
  onFailure: string | undefined
}
