import * as z from 'zod'
import type { Json } from '../../domain/json.ts'
import type { ModelAnswer } from '../../ports/models.ts'

const AnyJson: z.ZodType<Json> = z.json()

const PartSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string() }),
  z.object({ kind: z.literal('tool-call'), id: z.string(), name: z.string(), input: AnyJson }),
  z.object({
    kind: z.literal('tool-result'),
    id: z.string(),
    name: z.string(),
    output: AnyJson,
    isError: z.boolean().exactOptional(),
  }),
  z.object({ kind: z.literal('opaque'), from: z.string(), data: z.record(z.string(), AnyJson) }),
])

/** A message as it is stored. */
export const StoredMessageSchema = z.object({
  role: z.enum(['user', 'assistant']),
  parts: z.array(PartSchema),
})

const AnswerSchema = z.object({
  parts: z.array(PartSchema),
  value: AnyJson.exactOptional(),
  finish: z.enum(['stop', 'length', 'tools', 'filtered']),
  usage: z.object({
    inputTokens: z.number(),
    outputTokens: z.number(),
    cacheReadTokens: z.number().exactOptional(),
    cacheWriteTokens: z.number().exactOptional(),
    estimated: z.literal(true).exactOptional(),
  }),
  modelId: z.string(),
  requestId: z.string().exactOptional(),
})

/** An answer as JSON, without what is undefined in it. */
export const storableAnswer = (answer: ModelAnswer): Json => JSON.parse(JSON.stringify(answer)) as Json

export const parseAnswer = (stored: Json): ModelAnswer => AnswerSchema.parse(stored)
