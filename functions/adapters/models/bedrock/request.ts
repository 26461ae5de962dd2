import type {
  ContentBlock,
  ConverseCommandInput,
  Message,
  SystemContentBlock,
  Tool,
  ToolChoice,
} from '@aws-sdk/client-bedrock-runtime'
import { isJsonObject, type Json } from '../../../../shared/domain/json.ts'
import type { ModelPart, ModelRequest } from '../../../../shared/ports/models.ts'
import { joinedMessages } from '../joined-messages.ts'
import type { NamedModel } from '../named-model.ts'
import { instructionFor, isClosed, objectSchema, withObjectTools } from '../structured.ts'
import { type ToolNames, wireId } from '../tool-names.ts'
import { reasoningBlock } from './reasoning.ts'

type Place = NonNullable<ModelRequest['cacheAfter']>

const CACHE_POINT = { cachePoint: { type: 'default' } } as const

/** A request as Converse and ConverseStream take it. */
export function converseInput(
  model: NamedModel,
  asked: ModelRequest,
  names: ToolNames,
): ConverseCommandInput {
  const request = withObjectTools(asked)
  const { answer, maxOutputTokens } = request
  const toolConfig = toolConfigOf(model, request, names)
  return {
    modelId: model.id,
    system: systemOf(model, request),
    messages: messagesOf(model, request, names),
    inferenceConfig: { maxTokens: maxOutputTokens },
    ...(toolConfig ? { toolConfig } : {}),
    ...(answer && model.structured === 'native'
      ? {
          outputConfig: {
            textFormat: {
              type: 'json_schema',
              structure: {
                jsonSchema: { name: answer.name, schema: JSON.stringify(objectSchema(answer.schema)) },
              },
            },
          },
        }
      : {}),
  }
}

function systemOf(model: NamedModel, { system, answer, cacheAfter }: ModelRequest): SystemContentBlock[] {
  const asked = answer && model.structured === 'prompt' ? [instructionFor(answer.schema)] : []
  const blocks = [...system, ...asked].filter((text) => text.trim() !== '').map((text) => ({ text }))
  return blocks.length > 0 && isCached(model, cacheAfter, 'system') ? [...blocks, CACHE_POINT] : blocks
}

function messagesOf(model: NamedModel, request: ModelRequest, names: ToolNames): Message[] {
  const messages = joinedMessages(request.messages, names.source).map(({ role, parts }) => ({
    role,
    content: parts.flatMap((part) => blockOf(part, names)),
  }))
  const last = messages.at(-1)
  if (last && isCached(model, request.cacheAfter, 'messages')) last.content.push(CACHE_POINT)
  return messages
}

function blockOf(part: ModelPart, names: ToolNames): ContentBlock[] {
  if (part.kind === 'text') return [{ text: part.text }]
  if (part.kind === 'opaque') return [reasoningBlock(part.data)]
  const toolUseId = wireId(part.id)
  if (part.kind === 'tool-call')
    return [{ toolUse: { toolUseId, name: names.toWire(part.name), input: objectOf(part.input) } }]
  // Models of some vendors take text only, and no empty one.
  const text =
    typeof part.output === 'string' && part.output !== '' ? part.output : JSON.stringify(part.output)
  return [{ toolResult: { toolUseId, content: [{ text }], status: part.isError ? 'error' : 'success' } }]
}

/** Bedrock takes objects only, and a model may have sent arguments that are none. */
const objectOf = (input: Json): { [key: string]: Json } =>
  isJsonObject(input) ? input : { arguments: input }

function toolConfigOf(
  model: NamedModel,
  { tools = [], messages, answer, cacheAfter }: ModelRequest,
  names: ToolNames,
): ConverseCommandInput['toolConfig'] {
  const asTool = model.structured === 'tool' ? answer : undefined
  const isStrict = model.structured === 'native'
  const specs: Tool[] = tools.map(({ name, description, schema }) => ({
    toolSpec: {
      name: names.toWire(name),
      // A description must not be empty.
      description: description || name,
      inputSchema: { json: schema },
      ...(isStrict && isClosed(schema) ? { strict: true } : {}),
    },
  }))
  if (asTool)
    specs.push({
      toolSpec: {
        name: names.toWire(asTool.name),
        description: 'Gives the answer. Call it once, with the whole answer.',
        inputSchema: { json: objectSchema(asTool.schema) },
      },
    })
  // Bedrock refuses calls in the messages of tools that are not there, as when the last turn has none.
  const known = new Set([...tools.map(({ name }) => name), asTool?.name])
  const called = messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === 'tool-call' ? part.name : [])),
  )
  if (specs.length === 0)
    for (const name of new Set(called))
      if (!known.has(name))
        specs.push({
          toolSpec: {
            name: names.toWire(name),
            description: 'Not available any more.',
            inputSchema: { json: { type: 'object' } },
          },
        })
  if (specs.length === 0) return undefined
  const toolChoice: ToolChoice | undefined = !asTool
    ? undefined
    : tools.length > 0
      ? { any: {} }
      : { tool: { name: names.toWire(asTool.name) } }
  return {
    tools: isCached(model, cacheAfter, 'tools') ? [...specs, CACHE_POINT] : specs,
    ...(toolChoice ? { toolChoice } : {}),
  }
}

/** Whether a cache point belongs at a place: models that know none refuse a request that has one. */
function isCached({ id }: NamedModel, wanted: Place | undefined, place: Place): boolean {
  if (wanted !== place) return false
  if (id.includes('anthropic.claude')) return true
  return id.includes('amazon.nova') && place !== 'tools'
}
