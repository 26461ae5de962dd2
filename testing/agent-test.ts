import type { AgentSettings } from '../shared/agent/index.ts'
import type { Json } from '../shared/domain/json.ts'
import type { GivenSecrets } from './given-secrets.ts'
import type { GivenFiles } from './memory/files.ts'
import type { Noted } from './noting-agent.ts'
import type { GivenModels, SeenModelCall } from './scripted-models.ts'

export type AgentTest = {
  /** Required when the agent offers more than one. */
  capability?: string
  /** The step's input, which is checked against the capability's input schema. */
  input?: unknown
  /** Uploaded files by key: `{'files/notes/one.md': '...'}`; an input names them as `{$file: 'files/notes/one.md'}`. */
  files?: GivenFiles
  /** What the language models of the agent answer: in order, or by a function of the call. */
  models?: GivenModels
  /** What the stage says for the agent: `{allowedHosts: ['api.example.com']}`; nothing by default. */
  settings?: Partial<AgentSettings>
  /** The secrets of the agent by their names in `needs.secrets`: `{OPENAI: 'sk-for-tests'}`. */
  secrets?: GivenSecrets
  /** The shared state of the task when the agent is called, by key. */
  state?: Readonly<Record<string, Json>>
  /** The number of the attempt, from 1; by default 1, or one more than in `after`. */
  attempt?: number
  /** The run that this one retries: effects that it has completed are not performed again. */
  after?: AgentRun
  /** Results by key of effects that an earlier attempt has performed. */
  once?: Readonly<Record<string, Json>>
  /** Simulates a crash after the effect with this key, before its result is recorded. */
  crashAfter?: string
  /** Real seconds after which the step times out; the agent's own limit by default. */
  timeoutSeconds?: number
  /** Cancels the task when it aborts. */
  signal?: AbortSignal
  task?: { type?: string; metadata?: Record<string, string> }
}

/** The result of one call of an agent. */
export type AgentRun = Omit<Noted, 'thrown'> & {
  /** The output as stored by the host, after the check against the capability's output schema. Reading it from a run that failed throws its error. */
  output?: Json
  /**
   * The error as recorded by the host: transient errors become an `AgentRetryableError`, other classes an
   * `AgentFailedError`. `retryable`: a step without `retry` calls the agent again.
   */
  error?: { name: string; message: string; retryable: boolean }
  /** The shared state of the task afterwards, by key. */
  state: Record<string, Json>
  /** Every call of a model, in order. */
  modelCalls: SeenModelCall[]
  /** The value that the agent threw. */
  thrown?: unknown
  /** The price of the call plus the costs reported by `spend`. */
  spent: { usd: number; tokens: number }
  attempt: number
}
