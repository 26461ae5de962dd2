import { bedrockClient, bedrockModel } from '../../../functions/adapters/models/bedrock.ts'
import { eventFrame, exceptionFrame } from '../../../local/bedrock-runtime/event-stream.ts'
import { DEFAULT, JSON_TYPE, piecesOf, REQUEST_ID, type Scene, type Thought, type Wire } from './wire.ts'

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tools: 'tool_use',
  filtered: 'guardrail_intervened',
}

export const bedrockWire: Wire = {
  name: 'bedrock',
  model: (url, settings, silenceMilliseconds = 5_000) =>
    bedrockModel(
      { ...DEFAULT, provider: 'bedrock', ...settings },
      {
        client: bedrockClient({
          endpoint: url,
          region: 'us-east-1',
          credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        }),
        silenceMilliseconds,
      },
    ),
  answer: ({ parts, finish = 'stop', usage }) => ({
    headers: { ...JSON_TYPE, 'x-amzn-requestid': REQUEST_ID },
    pieces: [
      Buffer.from(
        JSON.stringify({
          output: {
            message: {
              role: 'assistant',
              content: parts.map((part) =>
                'text' in part
                  ? part
                  : 'thought' in part
                    ? { reasoningContent: reasoning(part) }
                    : { toolUse: { toolUseId: part.id, name: part.name, input: JSON.parse(part.arguments) } },
              ),
            },
          },
          stopReason: STOP_REASONS[finish],
          usage: bedrockUsage(usage),
          metrics: { latencyMs: 1 },
        }),
      ),
    ],
  }),
  stream: ({ parts, finish = 'stop', usage }) => ({
    headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': REQUEST_ID },
    pieces: [
      eventFrame('messageStart', { role: 'assistant' }),
      ...parts.flatMap((part, contentBlockIndex) => [
        ...('text' in part
          ? piecesOf(part.text).map((text) =>
              eventFrame('contentBlockDelta', { contentBlockIndex, delta: { text } }),
            )
          : 'thought' in part
            ? reasoningDeltas(part).map((reasoningContent) =>
                eventFrame('contentBlockDelta', { contentBlockIndex, delta: { reasoningContent } }),
              )
            : [
                eventFrame('contentBlockStart', {
                  contentBlockIndex,
                  start: { toolUse: { toolUseId: part.id, name: part.name } },
                }),
                ...piecesOf(part.arguments).map((input) =>
                  eventFrame('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } }),
                ),
              ]),
        eventFrame('contentBlockStop', { contentBlockIndex }),
      ]),
      eventFrame('messageStop', { stopReason: STOP_REASONS[finish] }),
      ...(usage ? [eventFrame('metadata', { usage: bedrockUsage(usage), metrics: { latencyMs: 1 } })] : []),
    ],
  }),
  streamError: (code, message) => exceptionFrame(`${code[0]?.toLowerCase()}${code.slice(1)}`, message),
  failure: (status, code, headers) => ({
    status,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': code, 'x-amzn-requestid': REQUEST_ID, ...headers },
    pieces: [Buffer.from(JSON.stringify({ message: 'the reason' }))],
  }),
  heard: (asked) => {
    const { system, messages, inferenceConfig, toolConfig, outputConfig } = (asked?.body ?? {}) as {
      system?: { text?: string }[]
      messages: { role: string; content: object[] }[]
      inferenceConfig?: { maxTokens: number }
      toolConfig?: {
        tools: { toolSpec?: { name: string; inputSchema: { json: object } } }[]
        toolChoice?: object
      }
      outputConfig?: { textFormat: { structure: { jsonSchema: { schema: string } } } }
    }
    const choice = toolConfig?.toolChoice as { tool?: { name: string }; any?: object } | undefined
    const format = outputConfig?.textFormat.structure.jsonSchema.schema
    return {
      model: decodeURIComponent(asked?.path.split('/')[2] ?? ''),
      maxTokens: inferenceConfig?.maxTokens,
      system: (system ?? []).flatMap(({ text }) => text ?? []).join('\n\n'),
      messages,
      tools: (toolConfig?.tools ?? []).flatMap(({ toolSpec }) =>
        toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
      ),
      forced: choice?.tool?.name ?? (choice?.any ? 'any' : undefined),
      format: format === undefined ? undefined : JSON.parse(format),
    }
  },
}

const reasoning = ({ thought, signature, encrypted }: Thought): object =>
  encrypted === undefined
    ? { reasoningText: { text: thought, ...(signature === undefined ? {} : { signature }) } }
    : { redactedContent: encrypted }

const reasoningDeltas = ({ thought, signature, encrypted }: Thought): object[] =>
  encrypted === undefined
    ? [...piecesOf(thought).map((text) => ({ text })), ...(signature === undefined ? [] : [{ signature }])]
    : [{ redactedContent: encrypted }]

/** Bedrock's `inputTokens` excludes what is read from the cache. */
const bedrockUsage = (usage: Scene['usage']) =>
  usage && {
    inputTokens: usage.input - (usage.cached ?? 0),
    outputTokens: usage.output,
    totalTokens: usage.input + usage.output,
    ...(usage.cached ? { cacheReadInputTokens: usage.cached } : {}),
  }
