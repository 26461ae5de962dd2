import type { ContentBlock, ReasoningContentBlock } from '@aws-sdk/client-bedrock-runtime'
import type { JsonObject } from '../../../../shared/domain/json.ts'
import type { ModelPart } from '../../../../shared/ports/models.ts'

/** What was thought, as a block has it or as the deltas of a stream come to it. */
export type Reasoning = { text: string; signature: string; redacted: Uint8Array[] }

export const reasoningIn = ({ reasoningText, redactedContent }: ReasoningContentBlock): Reasoning => ({
  text: reasoningText?.text ?? '',
  signature: reasoningText?.signature ?? '',
  redacted: redactedContent ? [redactedContent] : [],
})

/**
 * A model's thoughts as the part that goes back to it: Claude refuses a call of a tool without the thoughts that led to it. None where they are not
 * signed: Bedrock refuses those.
 */
export function reasoningPart({ text, signature, redacted }: Reasoning, from: string): ModelPart[] {
  const data: JsonObject | undefined =
    redacted.length > 0
      ? { redactedContent: Buffer.concat(redacted).toString('base64') }
      : signature === ''
        ? undefined
        : { text, signature }
  return data ? [{ kind: 'opaque', from, data }] : []
}

/** The block as it came. */
export function reasoningBlock({ text, signature, redactedContent }: JsonObject): ContentBlock {
  if (typeof redactedContent === 'string')
    return { reasoningContent: { redactedContent: Buffer.from(redactedContent, 'base64') } }
  return { reasoningContent: { reasoningText: { text: String(text), signature: String(signature) } } }
}
