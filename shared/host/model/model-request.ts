import { jsonSchemaOf } from '../../agent/given-schema.ts'
import type { ModelCall, ModelReply } from '../../agent/index.ts'
import { OrchestratorError } from '../../domain/errors.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { ModelAnswer, ModelMessage, ModelRequest } from '../../ports/models.ts'

export const DEFAULT_MODEL = 'default'

/** Names an answer and a tool in errors. */
export const answerNamed = ({ name }: { name: string }): string => `the answer "${name}"`
export const toolNamed = (name: string): string => `tool "${name}"`

/** Throws ConfigError for what is no schema, or none of an object: arguments are one. */
export function schemaOfTool({ name, schema }: { name: string; schema: unknown }): Json {
  const json = jsonSchemaOf(schema, toolNamed(name))
  const types = isJsonObject(json) && json.type !== undefined ? [json.type].flat() : ['object']
  if (types.includes('object')) return json
  const message = `the schema of ${toolNamed(name)} is of the type ${types.join(' or ')}; it must take an object, such as z.object({...})`
  throw new OrchestratorError('ConfigError', message)
}

/** An author's call in full. Throws TypeError for what is no call, and ConfigError for what is no schema. */
export function requestOf(call: ModelCall, signal: AbortSignal): ModelRequest {
  const { model = DEFAULT_MODEL, system = [], maxOutputTokens, tools, answer, cacheAfter, onText } = call
  if (!Number.isSafeInteger(maxOutputTokens) || maxOutputTokens < 1)
    throw new TypeError(
      `maxOutputTokens is ${maxOutputTokens}; it must be a whole number from 1: the most tokens that the answer may have`,
    )
  return {
    model,
    system: typeof system === 'string' ? [system] : system,
    messages: messagesOf(call),
    maxOutputTokens,
    signal,
    ...(tools && tools.length > 0
      ? { tools: tools.map((tool) => ({ ...tool, schema: schemaOfTool(tool) })) }
      : {}),
    ...(answer ? { answer: { ...answer, schema: jsonSchemaOf(answer.schema, answerNamed(answer)) } } : {}),
    ...(cacheAfter ? { cacheAfter } : {}),
    ...(onText ? { onText } : {}),
  }
}

export function messagesOf(call: object): readonly ModelMessage[] {
  const { prompt, messages } = call as { prompt?: unknown; messages?: readonly ModelMessage[] }
  if (typeof prompt === 'string' && messages === undefined) return [userSays(prompt)]
  if (prompt === undefined && Array.isArray(messages) && messages.length > 0) return messages
  throw new TypeError('a call of a model has either a prompt (a text) or messages (a list that is not empty)')
}

export const userSays = (text: string): ModelMessage => ({ role: 'user', parts: [{ kind: 'text', text }] })

export const textOfParts = ({ parts }: Pick<ModelAnswer, 'parts'>): string =>
  parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')

export function replyOf(answer: ModelAnswer): ModelReply {
  const { parts, finish, usage, modelId, value } = answer
  return {
    text: textOfParts(answer),
    parts,
    finish,
    usage,
    modelId,
    ...(value === undefined ? {} : { value }),
  }
}
