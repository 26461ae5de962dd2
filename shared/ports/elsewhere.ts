import type { Elsewhere } from '../domain/elsewhere/place.ts'
import type { AllowedElsewhere } from '../domain/elsewhere/settings.ts'

/** What the stage allows to the tenant whose agent it is, and no other's (elsewhere/W1). */
type ForTenant = { allowed: AllowedElsewhere }

/** One request to an agent elsewhere. */
export type ElsewhereRequest = ForTenant & {
  /** The same for every repetition of the call (contract/T1). */
  id: string
  /** The document, as JSON. */
  body: string
  /** The text of the secret that the request is signed with (Standard Webhooks). */
  secret?: string | undefined
  /** How long an answer is waited for, in seconds. */
  timeoutSeconds: number
  signal: AbortSignal
}

/** What has come back. `truncated`: the body was longer than MOST_CALL_BYTES, and is cut. */
export type ElsewhereReply =
  | {
      kind: 'http'
      status: number
      headers: Readonly<Record<string, string>>
      body: string
      truncated: boolean
    }
  | { kind: 'lambda'; functionError: string | undefined; payload: string; truncated: boolean }

/** Calls agents that no function of ours hosts. */
export type ElsewhereAgents = {
  /**
   * Sends the request, and returns whatever is answered. Throws RetryableError where there is no answer, FinalError for an address that may not be
   * called, ConfigError for a secret that cannot sign, AgentBusyError where Lambda takes no more calls, and the signal's reason.
   */
  call(place: Elsewhere, request: ElsewhereRequest): Promise<ElsewhereReply>
  /** Asks whether the agent is well: undefined, or why it is not. Throws nothing. */
  ping(place: Elsewhere, options: ForTenant & { timeoutSeconds: number }): Promise<string | undefined>
}
