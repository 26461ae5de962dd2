import type { ModelRequest } from '../../../shared/ports/models.ts'

type Watched = Pick<ModelRequest, 'signal' | 'silenceMilliseconds'>

/**
 * Ends a call that its caller aborts, and one whose provider is silent for too long. It holds also against a library that ignores its
 * signal: `within` rejects then.
 */
export class CallWatch {
  /** For the library: aborts with the call. */
  readonly signal: AbortSignal
  readonly milliseconds: number
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal
  readonly #ended = Promise.withResolvers<never>()
  #timeout: ReturnType<typeof setTimeout> | undefined
  #isLate = false

  /** Throws the signal's reason where it is aborted already. `limit` is in milliseconds; a request may have a shorter one. */
  constructor({ signal: caller, silenceMilliseconds }: Watched, limit: number) {
    caller.throwIfAborted()
    const milliseconds = Math.min(limit, silenceMilliseconds ?? limit)
    this.signal = this.#controller.signal
    this.#caller = caller
    this.milliseconds = milliseconds
    this.#ended.promise.catch(() => undefined)
    caller.addEventListener('abort', this.#onAbort)
    this.heard()
  }

  /** Whether the provider was silent for too long. */
  get isLate(): boolean {
    return this.#isLate
  }

  /** Something has come: the time begins anew. */
  heard(): void {
    clearTimeout(this.#timeout)
    this.#timeout = setTimeout(() => {
      this.#isLate = true
      this.end(new Error('the provider is silent'))
    }, this.milliseconds)
  }

  /** The result of a part of the call, unless the call ends before. */
  async within<T>(work: PromiseLike<T>): Promise<T> {
    const result = await Promise.race([work, this.#ended.promise])
    this.heard()
    return result
  }

  /** Ends what is still open: the library closes its connection. */
  end(reason?: unknown): void {
    this.stop()
    this.#ended.reject(reason)
    this.#controller.abort(reason)
  }

  /** The call is over: nothing is watched any more. */
  stop(): void {
    clearTimeout(this.#timeout)
    this.#caller.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => this.end(this.#caller.reason)
}
