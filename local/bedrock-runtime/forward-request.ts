import type { Block, Converse } from './converse.ts'

type Message = Record<string, unknown>

/** A request of Converse as one of OpenAI's chat completions, streamed. */
export function chatRequest(model: string, request: Converse): object {
  const { inferenceConfig, toolConfig, outputConfig } = request
  const { maxTokens, temperature, topP, stopSequences } = inferenceConfig
  const tools = toolConfig?.tools.flatMap(({ toolSpec }) => (toolSpec ? [toolSpec] : []))
  const format = outputConfig?.textFormat?.structure.jsonSchema
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: messagesOf(request),
    ...given('max_tokens', maxTokens),
    ...given('temperature', temperature),
    ...given('top_p', topP),
    ...given('stop', stopSequences),
    ...(tools?.length
      ? {
          tools: tools.map(({ name, description, inputSchema }) => ({
            type: 'function',
            function: { name, description, parameters: inputSchema.json },
          })),
        }
      : {}),
    ...given('tool_choice', choiceOf(toolConfig?.toolChoice)),
    ...given(
      'response_format',
      format && {
        type: 'json_schema',
        json_schema: { name: format.name ?? 'answer', schema: JSON.parse(format.schema) as unknown },
      },
    ),
  }
}

const given = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: value })

function messagesOf({ system, messages }: Converse): Message[] {
  const told = system.flatMap(({ text }) => text ?? []).join('\n\n')
  return [
    ...(told === '' ? [] : [{ role: 'system', content: told }]),
    ...messages.flatMap(({ role, content }) =>
      role === 'user' ? userMessages(content) : [assistantMessage(content)],
    ),
  ]
}

/** Results of tools are messages of their own, which follow the calls. */
function userMessages(content: readonly Block[]): Message[] {
  const results = content.flatMap(({ toolResult }) =>
    toolResult
      ? [
          {
            role: 'tool',
            tool_call_id: toolResult.toolUseId,
            content: toolResult.content.map(({ text, json }) => text ?? JSON.stringify(json)).join('\n'),
          },
        ]
      : [],
  )
  const text = textOf(content)
  return [...results, ...(text === '' ? [] : [{ role: 'user', content: text }])]
}

function assistantMessage(content: readonly Block[]): Message {
  const calls = content.flatMap(({ toolUse }) =>
    toolUse
      ? [
          {
            id: toolUse.toolUseId,
            type: 'function',
            function: { name: toolUse.name, arguments: JSON.stringify(toolUse.input) },
          },
        ]
      : [],
  )
  return { role: 'assistant', content: textOf(content), ...(calls.length > 0 ? { tool_calls: calls } : {}) }
}

const textOf = (content: readonly Block[]): string => content.flatMap(({ text }) => text ?? []).join('')

function choiceOf(choice: NonNullable<Converse['toolConfig']>['toolChoice']): unknown {
  if (choice?.tool) return { type: 'function', function: { name: choice.tool.name } }
  return choice?.any ? 'required' : undefined
}
