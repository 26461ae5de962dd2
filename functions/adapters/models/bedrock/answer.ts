import type {
  TokenUsage as BedrockUsage,
  ContentBlock,
  ConverseCommandOutput,
  ConverseStreamOutput,
} from '@aws-sdk/client-bedrock-runtime'
import type { Json } from '../../../../shared/domain/json.ts'
import type { TokenUsage } from '../../../../shared/domain/price-table.ts'
import type { ModelAnswer, ModelPart } from '../../../../shared/ports/models.ts'
import { argumentsIn } from '../structured.ts'
import type { ToolNames } from '../tool-names.ts'
import { type Reasoning, reasoningIn, reasoningPart } from './reasoning.ts'

export type Told = {
  parts: ModelPart[]
  finish: ModelAnswer['finish']
  usage: TokenUsage | undefined
  requestId: string | undefined
}

/**
 * What Converse answers; undefined where that is no answer. Blocks that are neither text, nor a call, nor signed thoughts are
 * left out.
 */
export function toldBy(
  { output, stopReason, usage, $metadata }: ConverseCommandOutput,
  names: ToolNames,
): Told | undefined {
  if (!output?.message || !stopReason) return undefined
  const parts = (output.message.content ?? []).flatMap((block) => partOf(block, names))
  return { parts, finish: finishOf(stopReason), usage: usageOf(usage), requestId: $metadata.requestId }
}

function partOf({ text, toolUse, reasoningContent }: ContentBlock, names: ToolNames): ModelPart[] {
  if (text !== undefined) return [{ kind: 'text', text }]
  if (reasoningContent) return reasoningPart(reasoningIn(reasoningContent), names.source)
  if (!toolUse) return []
  const { toolUseId = '', name = '', input } = toolUse
  return [{ kind: 'tool-call', id: toolUseId, name: names.fromWire(name), input: (input ?? {}) as Json }]
}

function finishOf(reason: string | undefined): ModelAnswer['finish'] {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  if (reason === 'guardrail_intervened' || reason === 'content_filtered') return 'filtered'
  return reason === 'tool_use' ? 'tools' : 'stop'
}

/** Bedrock's `inputTokens` excludes cached ones, as ours. */
function usageOf(usage: BedrockUsage | undefined): TokenUsage | undefined {
  if (usage?.inputTokens === undefined || usage.outputTokens === undefined) return undefined
  const { inputTokens, outputTokens, cacheReadInputTokens: read, cacheWriteInputTokens: written } = usage
  return {
    inputTokens,
    outputTokens,
    ...(read ? { cacheReadTokens: read } : {}),
    ...(written ? { cacheWriteTokens: written } : {}),
  }
}

type Block = { text: string; call?: { id: string; name: string }; reasoning?: Reasoning }

/** Collects the events of ConverseStream. */
export class ConverseEvents {
  readonly #names: ToolNames
  readonly #onText: ((delta: string) => void) | undefined
  readonly #blocks = new Map<number, Block>()
  #stopReason: string | undefined
  #usage: TokenUsage | undefined

  constructor(names: ToolNames, onText: ((delta: string) => void) | undefined) {
    this.#names = names
    this.#onText = onText
  }

  take(event: ConverseStreamOutput): void {
    const { contentBlockStart: start, contentBlockDelta: delta, messageStop, metadata } = event
    if (start?.start?.toolUse) {
      const { toolUseId = '', name = '' } = start.start.toolUse
      this.#block(start.contentBlockIndex).call = { id: toolUseId, name: this.#names.fromWire(name) }
    }
    const text = delta?.delta?.text
    const more = text ?? delta?.delta?.toolUse?.input
    if (more !== undefined) this.#block(delta?.contentBlockIndex).text += more
    if (text) this.#onText?.(text)
    const thought = delta?.delta?.reasoningContent
    if (thought) {
      const block = this.#block(delta?.contentBlockIndex)
      block.reasoning ??= { text: '', signature: '', redacted: [] }
      block.reasoning.text += thought.text ?? ''
      block.reasoning.signature += thought.signature ?? ''
      if (thought.redactedContent) block.reasoning.redacted.push(thought.redactedContent)
    }
    if (messageStop) this.#stopReason = messageStop.stopReason
    if (metadata) this.#usage = usageOf(metadata.usage)
  }

  /** The whole answer; undefined where the stream has ended before it. */
  told(requestId: string | undefined): Told | undefined {
    if (this.#stopReason === undefined) return undefined
    const parts = [...this.#blocks]
      .sort(([a], [b]) => a - b)
      .flatMap(([, { text, call, reasoning }]): ModelPart[] => {
        if (reasoning) return reasoningPart(reasoning, this.#names.source)
        return call ? [{ kind: 'tool-call', ...call, input: argumentsIn(text) }] : [{ kind: 'text', text }]
      })
    return { parts, finish: finishOf(this.#stopReason), usage: this.#usage, requestId }
  }

  #block(index = 0): Block {
    const block: Block = this.#blocks.get(index) ?? { text: '' }
    this.#blocks.set(index, block)
    return block
  }
}
