import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider'
import type { Json } from '../../../../shared/domain/json.ts'
import type { ModelMessage, ModelPart, ModelRequest } from '../../../../shared/ports/models.ts'
import { joinedMessages } from '../joined-messages.ts'
import type { NamedModel } from '../named-model.ts'
import { instructionFor, isClosed, objectSchema, withObjectTools } from '../structured.ts'
import { type ToolNames, wireId } from '../tool-names.ts'
import { optionsOfCall, optionsOfMessage } from './opaque.ts'

/** A request as a language model of the AI SDK takes it. */
export function callOptions(
  model: NamedModel,
  asked: ModelRequest,
  names: ToolNames,
): LanguageModelV4CallOptions {
  const request = withObjectTools(asked)
  const { answer, maxOutputTokens, tools = [] } = request
  const asTool = model.structured === 'tool' ? answer : undefined
  const native = model.structured === 'native' ? answer : undefined
  const all = [...tools]
  if (asTool)
    all.push({
      name: asTool.name,
      description: 'Gives the answer. Call it once, with the whole answer.',
      schema: objectSchema(asTool.schema),
    })
  return {
    prompt: promptOf(model, request, names),
    maxOutputTokens,
    ...(all.length === 0
      ? {}
      : {
          tools: all.map(({ name, description, schema }) => ({
            type: 'function',
            name: names.toWire(name),
            description,
            inputSchema: schema,
          })),
        }),
    ...(asTool
      ? {
          toolChoice:
            tools.length > 0 ? { type: 'required' } : { type: 'tool', toolName: names.toWire(asTool.name) },
        }
      : {}),
    ...(native
      ? {
          responseFormat: { type: 'json', name: native.name, schema: objectSchema(native.schema) },
          providerOptions: { openaiCompatible: { strictJsonSchema: isClosed(objectSchema(native.schema)) } },
        }
      : {}),
  }
}

/** One system message: the templates of many models take no second one. */
function promptOf(model: NamedModel, request: ModelRequest, names: ToolNames): LanguageModelV4Prompt {
  const { system, answer, messages } = request
  const asked = answer && model.structured === 'prompt' ? [instructionFor(answer.schema)] : []
  const content = [...system, ...asked].filter((text) => text.trim() !== '').join('\n\n')
  const said = joinedMessages(messages, names.source).flatMap((message) => messagesOf(message, names))
  return content === '' ? said : [{ role: 'system', content }, ...said]
}

/** A message of ours; the results of tools come first, as an answer to the calls before. */
function messagesOf({ role, parts }: ModelMessage, names: ToolNames): LanguageModelV4Message[] {
  const texts = parts.flatMap((part) =>
    part.kind === 'text' ? [{ type: 'text' as const, text: part.text }] : [],
  )
  if (role === 'assistant') {
    const calls = parts.flatMap((part, at) =>
      part.kind === 'tool-call'
        ? [
            {
              type: 'tool-call' as const,
              toolCallId: wireId(part.id),
              toolName: names.toWire(part.name),
              input: part.input,
              ...optionsOfCall(parts[at - 1]),
            },
          ]
        : [],
    )
    return [{ role, content: [...texts, ...calls], ...optionsOfMessage(parts) }]
  }
  const results = parts.flatMap((part) => (part.kind === 'tool-result' ? [resultOf(part, names)] : []))
  return [
    ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
    ...(texts.length > 0 ? [{ role, content: texts }] : []),
  ]
}

function resultOf({ id, name, output, isError }: ModelPart & { kind: 'tool-result' }, names: ToolNames) {
  return {
    type: 'tool-result' as const,
    toolCallId: wireId(id),
    toolName: names.toWire(name),
    output: outputOf(output, isError === true),
  }
}

function outputOf(value: Json, isError: boolean) {
  if (typeof value === 'string') return { type: isError ? ('error-text' as const) : ('text' as const), value }
  return { type: isError ? ('error-json' as const) : ('json' as const), value }
}
