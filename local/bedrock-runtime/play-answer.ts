import { setTimeout as pause } from 'node:timers/promises'
import { AwsError } from '../aws/errors.ts'
import {
  type AnswerPart,
  aboutTokens,
  type Converse,
  forcedTool,
  type StopReason,
  usageOf,
} from './converse.ts'
import type { ScriptedAnswer } from './script.ts'

/** Text is streamed in pieces of so many characters. */
const PIECE = 16
/** The HTTP statuses of Bedrock's errors. */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ModelTimeoutException: 408,
  ModelErrorException: 424,
  ThrottlingException: 429,
  ModelNotReadyException: 429,
  InternalServerException: 500,
  ServiceUnavailableException: 503,
}

/** An error of Bedrock, with the wait that it asks for. */
export class BedrockError extends AwsError {
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: string,
    message: string,
    options: { status?: number | undefined; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(code, message, options.status ?? STATUSES[code] ?? 400)
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The parts of a scripted answer, at their times. Throws BedrockError for a scripted error, and breaks off where the script says so. */
export async function* playAnswer(
  answer: ScriptedAnswer,
  request: Converse,
  signal: AbortSignal,
): AsyncGenerator<AnswerPart> {
  const { error, delayMs, pauseMs, breakAfter } = answer
  if (delayMs > 0) await pause(delayMs, undefined, { signal })
  if (error) throw new BedrockError(error.name, error.message, error)
  let sent = 0
  for (const part of partsOf(answer, request)) {
    if (sent++ === breakAfter) throw new BrokenConnection()
    if (pauseMs > 0) await pause(pauseMs, undefined, { signal })
    yield part
  }
}

/** The connection breaks, without an error that the client could read. */
export class BrokenConnection extends Error {}

function partsOf(answer: ScriptedAnswer, request: Converse): AnswerPart[] {
  const { text, json, calls = [], finish, usage } = answer
  const forced = forcedTool(request)
  const asText = json !== undefined && forced === undefined ? JSON.stringify(json) : ''
  const all = [
    ...calls,
    ...(json !== undefined && forced !== undefined ? [{ name: forced, input: json }] : []),
  ]
  const said = `${text ?? ''}${asText}`
  const parts = [
    ...piecesOf(said).map((piece): AnswerPart => ({ kind: 'text', text: piece })),
    ...all.flatMap(({ name, input }, index): AnswerPart[] => [
      { kind: 'call', id: `tooluse_${request.messages.length}_${index}`, name },
      ...piecesOf(typeof input === 'string' ? input : JSON.stringify(input)).map(
        (piece): AnswerPart => ({ kind: 'arguments', text: piece }),
      ),
    ]),
  ]
  const told = usage
    ? usageOf(usage.inputTokens, usage.outputTokens, usage.cacheReadTokens)
    : usageOf(
        aboutTokens([request.system, request.messages, request.toolConfig]),
        aboutTokens(said) + (all.length > 0 ? aboutTokens(all) : 0),
      )
  return [...parts, { kind: 'end', stopReason: stopReasonOf(finish, all.length > 0), usage: told }]
}

function stopReasonOf(finish: ScriptedAnswer['finish'], hasCalls: boolean): StopReason {
  if (finish === 'length') return 'max_tokens'
  if (finish === 'filtered') return 'guardrail_intervened'
  return hasCalls ? 'tool_use' : 'end_turn'
}

function piecesOf(text: string): string[] {
  const characters = [...text]
  return Array.from({ length: Math.ceil(characters.length / PIECE) }, (_, index) =>
    characters.slice(index * PIECE, (index + 1) * PIECE).join(''),
  )
}
