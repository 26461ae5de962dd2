import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { Models } from '../../../shared/ports/models.ts'
import { keptFields } from './ai-sdk/kept-fields.ts'
import { aiSdkModel } from './ai-sdk.ts'
import { reconnecting } from './lost-connection.ts'
import type { NamedModel } from './named-model.ts'

type Options = { apiKey?: string | undefined; silenceMilliseconds?: number }

/** A model of a server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp, gateways, and OpenAI itself. */
export function openaiCompatibleModel(model: NamedModel, { apiKey, ...options }: Options = {}): Models {
  const provider = createOpenAICompatible({
    name: 'openaiCompatible',
    baseURL: model.url ?? '',
    ...(apiKey === undefined ? {} : { apiKey }),
    includeUsage: true,
    metadataExtractor: keptFields,
    ...(isOpenAi(model) ? { transformRequestBody: withCompletionTokens } : {}),
    supportsStructuredOutputs: model.structured === 'native',
    fetch: (url, init) =>
      reconnecting(
        // A prompt and its key are for the address in the settings only.
        () => fetch(url, { ...init, redirect: 'manual' }),
        () => init?.signal?.aborted === true,
      ),
  })
  const keyed = apiKey === undefined ? model : { ...model, apiKey }
  return aiSdkModel(keyed, provider.chatModel(model.id), options)
}

const isOpenAi = ({ url = '' }: NamedModel): boolean => URL.parse(url)?.hostname === 'api.openai.com'

/** OpenAI's newer models refuse `max_tokens`; other servers know only that. */
const withCompletionTokens = ({ max_tokens, ...body }: Record<string, unknown>): Record<string, unknown> => ({
  ...body,
  max_completion_tokens: max_tokens,
})
