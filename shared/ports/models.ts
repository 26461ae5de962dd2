import type { Json, JsonObject } from '../domain/json.ts'
import type { TokenUsage } from '../domain/price-table.ts'

/**
 * A part of a message: text, a call of a tool, a tool's result, or what a model wants back unread with the calls that it has made, such as its
 * signed thoughts. An opaque part is for the model that has made it (`from`) and for no other, and is not shown.
 */
export type ModelPart =
  | { kind: 'text'; text: string }
  | { kind: 'tool-call'; id: string; name: string; input: Json }
  | { kind: 'tool-result'; id: string; name: string; output: Json; isError?: boolean }
  | { kind: 'opaque'; from: string; data: JsonObject }
export type ModelMessage = { role: 'user' | 'assistant'; parts: readonly ModelPart[] }
export type ModelTool = { name: string; description: string; schema: Json }

/** One call of a language model; `maxOutputTokens` is mandatory, because Bedrock reserves the model's maximum otherwise. */
export type ModelRequest = {
  /** The name that the stage's configuration gives to a model. */
  model: string
  /** Whose call it is, for the counts of use; no adapter sends it. */
  tenant?: string
  system: readonly string[]
  /** Two of one role may follow each other: adapters join them where their provider wants that. */
  messages: readonly ModelMessage[]
  tools?: readonly ModelTool[]
  /** Structured output: the answer must fit this JSON Schema. */
  answer?: { name: string; schema: Json }
  maxOutputTokens: number
  /** The last part of the prompt that is put into the provider's cache. */
  cacheAfter?: 'tools' | 'system' | 'messages'
  signal: AbortSignal
  /** How long the provider may be silent, before its answer and between two parts of it, where that is shorter than the adapter's own limit. */
  silenceMilliseconds?: number
  onText?: (delta: string) => void
}

export type ModelAnswer = {
  parts: readonly ModelPart[]
  /** The structured output; absent where none was asked for. */
  value?: Json
  finish: 'stop' | 'length' | 'tools' | 'filtered'
  /** `estimated` where the provider has not told the usage, as after a broken stream. */
  usage: TokenUsage & { estimated?: true }
  /** The provider's id of the model that answered. */
  modelId: string
  requestId?: string
}

/** Language models by the names of the stage's configuration. One try per call: no retries and no waiting here. */
export type Models = {
  generate: (request: ModelRequest) => Promise<ModelAnswer>
  /** The number of input tokens of a request, where the provider counts them. */
  count?: (request: ModelRequest) => Promise<number>
}
