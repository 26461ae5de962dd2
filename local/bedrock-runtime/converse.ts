import * as z from 'zod'

/** What Converse, ConverseStream and CountTokens take, as far as the local cloud reads it; other members are let through. */
const DocumentSchema = z.json()

const BlockSchema = z.object({
  text: z.string().optional(),
  toolUse: z.object({ toolUseId: z.string(), name: z.string(), input: DocumentSchema }).optional(),
  toolResult: z
    .object({
      toolUseId: z.string(),
      content: z.array(z.object({ text: z.string().optional(), json: DocumentSchema.optional() })),
      status: z.enum(['success', 'error']).optional(),
    })
    .optional(),
})

export const ConverseSchema = z.object({
  system: z.array(z.object({ text: z.string().optional() })).default([]),
  messages: z
    .array(z.object({ role: z.enum(['user', 'assistant']), content: z.array(BlockSchema).min(1) }))
    .min(1, 'a conversation must have a message'),
  inferenceConfig: z
    .object({
      maxTokens: z.int().min(1).optional(),
      temperature: z.number().optional(),
      topP: z.number().optional(),
      stopSequences: z.array(z.string()).optional(),
    })
    .default({}),
  toolConfig: z
    .object({
      tools: z.array(
        z.object({
          toolSpec: z
            .object({
              name: z
                .string()
                .regex(/^[\w-]{1,64}$/, 'the name of a tool is letters, digits, _ and -, at most 64'),
              description: z.string().min(1).optional(),
              inputSchema: z.object({ json: DocumentSchema }),
              strict: z.boolean().optional(),
            })
            .optional(),
        }),
      ),
      toolChoice: z
        .object({
          auto: z.object({}).optional(),
          any: z.object({}).optional(),
          tool: z.object({ name: z.string() }).optional(),
        })
        .optional(),
    })
    .optional(),
  outputConfig: z
    .object({
      textFormat: z
        .object({
          structure: z.object({ jsonSchema: z.object({ name: z.string().optional(), schema: z.string() }) }),
        })
        .optional(),
    })
    .optional(),
})
export type Converse = z.infer<typeof ConverseSchema>
export type Block = z.infer<typeof BlockSchema>

export type Usage = {
  inputTokens: number
  outputTokens: number
  totalTokens: number
  cacheReadInputTokens?: number
}
export type StopReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'guardrail_intervened'

/** A part of an answer as it comes: a piece of text, a call of a tool with its arguments as text, or the end. */
export type AnswerPart =
  | { kind: 'text'; text: string }
  | { kind: 'call'; id: string; name: string }
  /** A piece of the arguments of the last call. */
  | { kind: 'arguments'; text: string }
  | { kind: 'end'; stopReason: StopReason; usage: Usage }

/** The tool that must be called, where it is one. */
export const forcedTool = ({ toolConfig }: Converse): string | undefined => toolConfig?.toolChoice?.tool?.name

/**
 * What the model is asked last: the last text of the user, and the results of tools that have come since, joined by line breaks. So a rule that fits
 * a question fits the turns of its loop too.
 */
export function lastText({ messages }: Converse): string {
  const asked = messages.findLastIndex(
    ({ role, content }) => role === 'user' && content.some(({ text }) => text !== undefined),
  )
  const texts = messages
    .slice(Math.max(0, asked))
    .flatMap(({ role, content }) =>
      role !== 'user'
        ? []
        : content.flatMap(({ text, toolResult }) => [
            ...(text === undefined ? [] : [text]),
            ...(toolResult?.content ?? []).map((one) => one.text ?? JSON.stringify(one.json)),
          ]),
    )
  return texts.join('\n')
}

const BYTES_OF_A_TOKEN = 4

/** About as many tokens as a model would count: one for four bytes. */
export const aboutTokens = (value: unknown): number =>
  Math.ceil(Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value)) / BYTES_OF_A_TOKEN)

export const usageOf = (inputTokens: number, outputTokens: number, cached = 0): Usage => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens + outputTokens + cached,
  ...(cached > 0 ? { cacheReadInputTokens: cached } : {}),
})
