import type { Json } from '../domain/json.ts'
import type { TokenUsage } from '../domain/price-table.ts'
import type { WEBHOOK_SECRET } from '../domain/secret-source.ts'
import type { AgentFiles } from './agent-files.ts'
import type { AgentMessages } from './agent-messages.ts'
import type { AgentModel } from './agent-model.ts'
import type { AgentState } from './agent-state.ts'
import type { Callback, Resumed, SuspendOptions, Suspension } from './suspend.ts'

/** Facts for the log of the running step; payloads and secrets stay out. */
export type AgentLog = {
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
}

/** What an agent can use while it works on one step. `Secret` are the names in its `needs.secrets`. */
export type AgentContext<Secret extends string = string> = {
  readonly task: {
    readonly id: string
    readonly type: string | undefined
    readonly metadata: Record<string, string>
  }
  readonly step: {
    readonly path: string
    /** The run of the step: the same for all attempts of one, and another after a retry of the task. */
    readonly run: string
  }
  /** The number of this attempt, from 1, over all agents of the step. */
  readonly attempt: number
  /** Aborts on the deadline and on cancellation; its reason is the error. */
  readonly signal: AbortSignal
  readonly deadline: Date
  readonly log: AgentLog
  readonly files: AgentFiles
  readonly model: AgentModel
  /** The shared state of the task. */
  readonly state: AgentState
  readonly settings: AgentSettings
  /**
   * The text of a secret that the agent needs (`needs.secrets`), at least 8 characters: read at its first use, and again after five minutes. It is
   * masked in all that leaves the host; an output with it fails the attempt. Throws ConfigError for a name that the agent does not say that it
   * needs, and for a secret that is not there, may not be read, or is too short.
   */
  secret(name: Secret | typeof WEBHOOK_SECRET): Promise<string>
  /** Sends messages to steps and agents of the task (`needs: {messages: true}`). */
  readonly messages: AgentMessages
  /**
   * Performs an external side effect once for this step, across all its attempts: a refund, a mail, a booking. Returns its result, also
   * when an earlier attempt has performed it. Throws StepSupersededError when a later attempt has taken over.
   */
  once<T extends Json>(key: string, effect: Effect<T>): Promise<T>
  /**
   * Reports a cost beyond the price of the call: the tokens of a language model, or any other usage-based cost. Without
   * `costUsd`, a model that the price table does not know counts its tokens, and marks the cost of the attempt as a lower bound.
   */
  spend(spent: Spent): void
  /**
   * Ends this turn: `return context.suspend({until, state})`. The agent is called again with {@link resumed}, and nothing runs or is paid
   * meanwhile. Only for a capability that says `suspends: true`. Throws RangeError for a time that is out of bounds.
   */
  suspend(options: SuspendOptions): Suspension
  /** The turn before, where this call goes on after a suspension; the same for every attempt of this turn. */
  readonly resumed: Resumed | undefined
  /**
   * Where an outside job answers. The same for every attempt of this turn: start the job by `once`, give it the `url`, and suspend until it answers, which it
   * may do before. Valid for the next suspension of this step alone.
   */
  callback(): Promise<Callback>
  /** Reports progress, which is shown with the task; `fraction` is 0 to 1. */
  progress(fraction: number, note: string): Promise<void>
}

/** What the stage says for agents; an agent gets what it says that it needs. */
export type AgentSettings = {
  /** The hosts that may be called (`needs: {hosts: true}`), for `isAllowedHost`; none where the stage names none. */
  readonly allowedHosts: readonly string[]
  /** The sender of mails, and who may get them: addresses, or `@example.com` for a domain (`needs: {email: true}`). */
  readonly email?: { readonly from: string; readonly to: readonly string[] }
}

/** A reported cost: money, tokens, or the usage of a model whose price is known. */
export type Spent = { costUsd?: number; tokens?: number } | (TokenUsage & { model: string; costUsd?: number })

/**
 * A side effect that must happen once. It gets an idempotency key that is the same for every attempt: pass it to a target that supports
 * such keys. For other targets provide `find`, which queries the target for the result (undefined when the effect has not happened), and
 * the longest duration of the effect: `find` is called only after that time (30 s by default).
 */
export type Effect<T extends Json = Json> =
  | ((idempotencyKey: string) => Promise<T>)
  | {
      perform(idempotencyKey: string): Promise<T>
      find(idempotencyKey: string): Promise<T | undefined>
      mostSeconds?: number
    }
