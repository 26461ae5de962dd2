import { openaiCompatibleModel } from '../../../functions/adapters/models/openai-compatible.ts'
import { DEFAULT, JSON_TYPE, MODEL_ID, piecesOf, REQUEST_ID, type Scene, type Wire } from './wire.ts'

const FINISH_REASONS = { stop: 'stop', length: 'length', tools: 'tool_calls', filtered: 'content_filter' }

export const openaiWire: Wire = {
  name: 'openai-compatible',
  model: (url, settings, silenceMilliseconds = 5_000) =>
    openaiCompatibleModel(
      { ...DEFAULT, provider: 'openai-compatible', url: `${url}/v1`, ...settings },
      { apiKey: 'the-key', silenceMilliseconds },
    ),
  answer: ({ parts, finish = 'stop', usage }) => ({
    headers: { ...JSON_TYPE, 'x-request-id': REQUEST_ID },
    pieces: [
      Buffer.from(
        JSON.stringify({
          id: 'chat-1',
          model: MODEL_ID,
          choices: [
            {
              index: 0,
              message: {
                role: 'assistant',
                content: parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('') || null,
                ...Object.fromEntries(
                  parts.flatMap((part) => ('thought' in part ? [['reasoning_content', part.thought]] : [])),
                ),
                tool_calls: parts.flatMap((part) => ('name' in part ? [openaiCall(part)] : [])),
              },
              finish_reason: FINISH_REASONS[finish],
            },
          ],
          ...(usage ? { usage: openaiUsage(usage) } : {}),
        }),
      ),
    ],
  }),
  stream: ({ parts, finish = 'stop', usage }) => {
    const chunk = (delta: object, reason: string | null = null): Buffer =>
      sse({ id: 'chat-1', model: MODEL_ID, choices: [{ index: 0, delta, finish_reason: reason }] })
    const calls = parts.filter((part) => 'name' in part)
    return {
      headers: { 'content-type': 'text/event-stream', 'x-request-id': REQUEST_ID },
      pieces: [
        chunk({ role: 'assistant', content: '' }),
        ...parts.flatMap((part) => {
          if ('text' in part) return piecesOf(part.text).map((content) => chunk({ content }))
          if ('thought' in part)
            return piecesOf(part.thought).map((reasoning_content) => chunk({ reasoning_content }))
          const index = calls.indexOf(part)
          const { function: named, ...call } = openaiCall(part)
          return [
            chunk({ tool_calls: [{ ...call, index, function: { ...named, arguments: '' } }] }),
            ...piecesOf(part.arguments).map((more) =>
              chunk({ tool_calls: [{ index, function: { arguments: more } }] }),
            ),
          ]
        }),
        chunk({}, FINISH_REASONS[finish]),
        ...(usage ? [sse({ id: 'chat-1', model: MODEL_ID, choices: [], usage: openaiUsage(usage) })] : []),
        Buffer.from('data: [DONE]\n\n'),
      ],
    }
  },
  streamError: (code, message) => sse({ error: { message, type: code } }),
  failure: (status, code, headers) => ({
    status,
    headers: { ...JSON_TYPE, ...headers },
    pieces: [Buffer.from(JSON.stringify({ error: { message: 'the reason', type: code } }))],
  }),
  heard: (asked) => {
    const { model, max_tokens, messages, tools, tool_choice, response_format } = (asked?.body ?? {}) as {
      model: string
      max_tokens: number
      messages: { role: string; content: string }[]
      tools?: { function: { name: string; parameters: object } }[]
      tool_choice?: string | { function: { name: string } }
      response_format?: { json_schema: { schema: object } }
    }
    return {
      model,
      maxTokens: max_tokens,
      system: messages
        .filter(({ role }) => role === 'system')
        .map(({ content }) => content)
        .join('\n\n'),
      messages: messages.filter(({ role }) => role !== 'system'),
      tools: (tools ?? []).map(({ function: { name, parameters } }) => ({ name, schema: parameters })),
      forced:
        tool_choice === 'required'
          ? 'any'
          : typeof tool_choice === 'object'
            ? tool_choice.function.name
            : tool_choice,
      format: response_format?.json_schema.schema,
    }
  },
}

const sse = (value: object): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)

const openaiCall = (call: { id: string; name: string; arguments: string; signature?: string }) => ({
  id: call.id,
  type: 'function',
  ...(call.signature === undefined
    ? {}
    : { extra_content: { google: { thought_signature: call.signature } } }),
  function: { name: call.name, arguments: call.arguments },
})

/** OpenAI's `prompt_tokens` includes what is read from the cache. */
const openaiUsage = (usage: NonNullable<Scene['usage']>) => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  ...(usage.cached ? { prompt_tokens_details: { cached_tokens: usage.cached } } : {}),
})
