import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { TokenUsage } from '../../../../shared/domain/price-table.ts'
import type { ModelAnswer, ModelPart } from '../../../../shared/ports/models.ts'
import { argumentsIn } from '../structured.ts'
import type { ToolNames } from '../tool-names.ts'
import { partOfCall, partOfMessage } from './opaque.ts'

export type Told = {
  parts: ModelPart[]
  finish: ModelAnswer['finish']
  usage: TokenUsage | undefined
  modelId: string | undefined
  requestId: string | undefined
}

/** What `doGenerate` answers; undefined where that is no whole answer. */
export function toldBy(
  { content, finishReason, usage, response, providerMetadata }: LanguageModelV4GenerateResult,
  names: ToolNames,
): Told | undefined {
  const finish = finishOf(finishReason)
  if (!finish) return undefined
  return {
    parts: [...partOfMessage(providerMetadata, names.source), ...partsOf(content, names)],
    finish,
    usage: usageOf(usage, content.length > 0),
    modelId: response?.modelId,
    requestId: requestIdIn(response?.headers),
  }
}

export const requestIdIn = (headers: Readonly<Record<string, string>> | undefined): string | undefined =>
  headers?.['x-request-id']

/** An answer's parts; what is neither text nor a call is left out. */
function partsOf(content: readonly LanguageModelV4Content[], names: ToolNames): ModelPart[] {
  return content.flatMap((part): ModelPart[] => {
    if (part.type === 'text') return [{ kind: 'text', text: part.text }]
    if (part.type !== 'tool-call') return []
    const { toolCallId: id, toolName, input, providerMetadata } = part
    const call: ModelPart = {
      kind: 'tool-call',
      id,
      name: names.fromWire(toolName),
      input: argumentsIn(input),
    }
    return [...partOfCall(providerMetadata, names.source), call]
  })
}

function finishOf({ unified }: LanguageModelV4FinishReason): ModelAnswer['finish'] | undefined {
  if (unified === 'error' || unified === 'interrupted') return undefined
  if (unified === 'content-filter') return 'filtered'
  if (unified === 'tool-calls') return 'tools'
  return unified === 'length' ? 'length' : 'stop'
}

/**
 * Undefined where the provider has not told it. The SDK's total of input includes cached tokens, ours excludes them; and its adapters say
 * 0 for what a server has left out, which no prompt has.
 */
function usageOf(
  { inputTokens, outputTokens }: LanguageModelV4Usage,
  hasParts: boolean,
): TokenUsage | undefined {
  const { total, cacheRead = 0, cacheWrite = 0 } = inputTokens
  if (!total || outputTokens.total === undefined || (hasParts && outputTokens.total === 0)) return undefined
  return {
    inputTokens: Math.max(0, inputTokens.noCache ?? total - cacheRead - cacheWrite),
    outputTokens: outputTokens.total,
    ...(cacheRead > 0 ? { cacheReadTokens: cacheRead } : {}),
    ...(cacheWrite > 0 ? { cacheWriteTokens: cacheWrite } : {}),
  }
}

/** Collects the parts of a stream. */
export class StreamedParts {
  readonly #names: ToolNames
  readonly #onText: ((delta: string) => void) | undefined
  readonly #parts: ModelPart[] = []
  readonly #texts = new Map<string, ModelPart & { kind: 'text' }>()
  #end: (LanguageModelV4StreamPart & { type: 'finish' }) | undefined
  #modelId: string | undefined

  constructor(names: ToolNames, onText: ((delta: string) => void) | undefined) {
    this.#names = names
    this.#onText = onText
  }

  /** Throws the error that the provider has sent in its stream. */
  take(part: LanguageModelV4StreamPart): void {
    if (part.type === 'error') throw part.error
    if (part.type === 'text-delta') {
      this.#text(part.id).text += part.delta
      if (part.delta !== '') this.#onText?.(part.delta)
    }
    if (part.type === 'text-end') this.#texts.delete(part.id)
    if (part.type === 'tool-call') this.#parts.push(...partsOf([part], this.#names))
    if (part.type === 'response-metadata') this.#modelId = part.modelId ?? this.#modelId
    if (part.type === 'finish') this.#end = part
  }

  /** The whole answer; undefined where the stream has ended before it. */
  told(requestId: string | undefined): Told | undefined {
    const finish = this.#end && finishOf(this.#end.finishReason)
    if (!this.#end || !finish) return undefined
    const usage = usageOf(this.#end.usage, this.#parts.length > 0)
    const parts = [...partOfMessage(this.#end.providerMetadata, this.#names.source), ...this.#parts]
    return { parts, finish, usage, modelId: this.#modelId, requestId }
  }

  #text(id: string): ModelPart & { kind: 'text' } {
    const open = this.#texts.get(id)
    if (open) return open
    const text: ModelPart & { kind: 'text' } = { kind: 'text', text: '' }
    this.#texts.set(id, text)
    this.#parts.push(text)
    return text
  }
}
