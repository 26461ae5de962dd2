import type { SharedV4ProviderMetadata, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { isJsonObject, type JsonObject } from '../../../../shared/domain/json.ts'
import type { ModelPart } from '../../../../shared/ports/models.ts'

/**
 * Where servers tell what a model has thought, or its signature. It goes back by the same name: DeepSeek and Kimi want `reasoning_content`, which
 * Groq refuses; OpenRouter wants `reasoning_details`.
 */
export const FIELDS: readonly string[] = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'extra_content',
]

/** Under this name a provider tells the fields of a message that it wants back. */
export const KEPT = 'kept'

type Told = SharedV4ProviderMetadata | undefined
type Options = { providerOptions?: SharedV4ProviderOptions }

/** The fields of a message that go back as they came: DeepSeek refuses calls of tools without the thoughts that led to them. */
export function partOfMessage(told: Told, from: string): ModelPart[] {
  const fields = told?.[KEPT] as JsonObject | undefined
  return fields && Object.keys(fields).length > 0 ? [{ kind: 'opaque', from, data: { message: fields } }] : []
}

/** The signature of a call, which stands before it: Gemini refuses a call that comes back without. */
export function partOfCall(told: Told, from: string): ModelPart[] {
  const signature = Object.values(told ?? {}).flatMap(({ thoughtSignature: one }) =>
    one ? [String(one)] : [],
  )[0]
  return signature === undefined ? [] : [{ kind: 'opaque', from, data: { signature } }]
}

export function optionsOfMessage(parts: readonly ModelPart[]): Options {
  const fields = parts.flatMap((part) =>
    part.kind === 'opaque' && isJsonObject(part.data.message) ? [part.data.message] : [],
  )
  // Nothing else of a message is taken from a part that was stored.
  const kept = fields.flatMap((one) => Object.entries(one).filter(([name]) => FIELDS.includes(name)))
  return kept.length > 0 ? { providerOptions: { openaiCompatible: Object.fromEntries(kept) } } : {}
}

/** `google` is how the SDK names the signature; under the provider's own name it would be sent as a field besides. */
export const optionsOfCall = (before: ModelPart | undefined): Options =>
  before?.kind === 'opaque' && typeof before.data.signature === 'string'
    ? { providerOptions: { google: { thoughtSignature: before.data.signature } } }
    : {}
