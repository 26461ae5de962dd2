import type { MetadataExtractor } from '@ai-sdk/openai-compatible'
import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { isJsonObject, type Json, type JsonObject } from '../../../../shared/domain/json.ts'
import { memberOf } from '../../../../shared/domain/transient-error.ts'
import { FIELDS, KEPT } from './opaque.ts'

/** The fields of an answer that its server wants back. */
export const keptFields: MetadataExtractor = {
  extractMetadata: async ({ parsedBody }) => told(joined({}, memberOf(choiceOf(parsedBody), 'message'))),
  createStreamExtractor() {
    let kept: JsonObject = {}
    return {
      processChunk(chunk) {
        kept = joined(kept, memberOf(choiceOf(chunk), 'delta'))
      },
      buildMetadata: () => told(kept),
    }
  },
}

function choiceOf(body: unknown): unknown {
  const choices = memberOf(body, 'choices')
  return Array.isArray(choices) ? choices[0] : undefined
}

const told = (kept: JsonObject): SharedV4ProviderMetadata | undefined =>
  Object.keys(kept).length > 0 ? { [KEPT]: kept as SharedV4ProviderMetadata[string] } : undefined

/** What was kept with what a message, or a piece of one, has more of it. */
function joined(kept: JsonObject, message: unknown): JsonObject {
  const more = FIELDS.flatMap((name) => {
    const value = memberOf(message, name) as Json | undefined
    if (value === undefined || value === null || value === '') return []
    return [[name, appended(kept[name], value)] as const]
  })
  return more.length > 0 ? { ...kept, ...Object.fromEntries(more) } : kept
}

function appended(before: Json | undefined, more: Json): Json {
  if (typeof before === 'string' && typeof more === 'string') return before + more
  if (Array.isArray(before) && Array.isArray(more)) return more.reduce(withDetail, before)
  return more
}

/** The pieces of one detail have its kind and number. */
function withDetail(details: Json[], more: Json): Json[] {
  const last = details.at(-1)
  const isSame =
    isJsonObject(last) && isJsonObject(more) && last.type === more.type && last.index === more.index
  if (!isSame || more.index === undefined) return [...details, more]
  const texts = ['text', 'summary', 'data'].flatMap((name) => {
    const [a, b] = [last[name], more[name]]
    return typeof a === 'string' && typeof b === 'string' ? [[name, a + b] as const] : []
  })
  return [...details.slice(0, -1), { ...last, ...more, ...Object.fromEntries(texts) }]
}
