import type { Json } from '../domain/json.ts'
import type { TokenUsage } from '../domain/price-table.ts'
import type { StoredFile } from '../ports/file-store.ts'

/** Facts for the log of the running step; payloads and secrets stay out. */
export type AgentLog = {
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
}

/** What an agent can reach while it works on one step. */
export type AgentContext = {
  readonly task: {
    readonly id: string
    readonly type: string | undefined
    readonly metadata: Record<string, string>
  }
  readonly step: { readonly path: string }
  /** From 1; counts the tries of this step by any agent. */
  readonly attempt: number
  /** Aborts on the deadline and on cancellation; its reason is the error. */
  readonly signal: AbortSignal
  readonly deadline: Date
  readonly log: AgentLog
  readonly files: {
    /** All files at a reference, or under it when it is a folder. Throws InvalidInputError when there are none. */
    list(reference: { $file: string }): Promise<StoredFile[]>
    /** UTF-8 text. Throws NotFoundError, and InvalidInputError when it is too large or not text. */
    readText(key: string): Promise<string>
  }
  /**
   * Performs an effect on the world outside once for this step, whichever of its attempts gets there: a refund, a mail, a booking. Answers its
   * result, also when an earlier attempt has performed it. Throws StepSupersededError when a later attempt has taken over.
   */
  once<T extends Json>(key: string, effect: Effect<T>): Promise<T>
  /**
   * Tells what a part of the work has cost, beside the price of the call: the tokens of a language model, or whatever else is paid by use.
   * Throws ConfigError where the price table does not know the model and `costUsd` is not said either.
   */
  spend(spent: Spent): void
  /** Shown to whoever watches the task; `fraction` is 0 to 1. */
  progress(fraction: number, note: string): Promise<void>
}

/** What a part of the work has cost: money, tokens, or the usage of a model whose price is known. */
export type Spent = { costUsd?: number; tokens?: number } | (TokenUsage & { model: string; costUsd?: number })

/**
 * What must happen once. It gets an idempotency key that is the same for every attempt: hand it to a target that knows such keys; or say
 * how a target is asked (`find` answers undefined where nothing has happened), and how long the effect can take at most: it is asked
 * only when that time is over (30 s where it is not said).
 */
export type Effect<T extends Json = Json> =
  | ((idempotencyKey: string) => Promise<T>)
  | {
      perform(idempotencyKey: string): Promise<T>
      find(idempotencyKey: string): Promise<T | undefined>
      mostSeconds?: number
    }
