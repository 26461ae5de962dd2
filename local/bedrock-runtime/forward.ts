import * as z from 'zod'
import { type AnswerPart, aboutTokens, type Converse, type StopReason, usageOf } from './converse.ts'
import { chatRequest } from './forward-request.ts'
import { BedrockError, BrokenConnection } from './play-answer.ts'
import { serverSentEvents } from './server-sent-events.ts'

/** Where the calls of all models go: an OpenAI-compatible server, and the id of a model there. */
export type ForwardTarget = { url: string; model: string | undefined }

const CHUNK = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.int().default(0),
                  id: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      prompt_tokens: z.int().nullish(),
      completion_tokens: z.int().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
    })
    .nullish(),
})
type Chunk = z.infer<typeof CHUNK>

/** The answer of the server, as it comes. Throws BedrockError as Bedrock would for the same failure. */
export async function* forward(
  target: ForwardTarget,
  request: Converse,
  signal: AbortSignal,
): AsyncGenerator<AnswerPart> {
  const model = target.model ?? (await firstModel(target, signal))
  const body = JSON.stringify(chatRequest(model, request))
  const response = await send(target, '/chat/completions', { method: 'POST', body, signal })
  const translator = new Translator(request)
  for await (const data of serverSentEvents(response.body)) {
    if (data === '[DONE]') break
    yield* translator.take(chunkIn(data))
  }
  yield translator.end()
}

async function firstModel(target: ForwardTarget, signal: AbortSignal): Promise<string> {
  const response = await send(target, '/models', { signal })
  const list = z
    .object({ data: z.array(z.object({ id: z.string() })).min(1) })
    .safeParse(await response.json().catch(() => undefined))
  if (list.success) return list.data.data[0]?.id ?? ''
  throw new BedrockError(
    'ValidationException',
    `${target.url}/models lists no model: name one in ORCHESTRATOR_MODEL`,
  )
}

async function send({ url }: ForwardTarget, path: string, init: RequestInit): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
    ...init,
    headers,
    redirect: 'manual',
  }).catch((error: Error) => {
    const { cause } = error as { cause?: { code?: string } }
    throw new BedrockError(
      'InternalServerException',
      `nothing answers at ${url} (${cause?.code ?? error.message}): start the server, or correct ORCHESTRATOR_MODEL_URL`,
    )
  })
  if (response.ok) return response
  const { status } = response
  const said = (await response.text().catch(() => '')).slice(0, MOST_SAID)
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  throw new BedrockError(
    NAMES[status] ?? (status < 500 ? 'ValidationException' : 'InternalServerException'),
    `${url} answers ${status}: ${said}`,
    {
      retryAfterSeconds: Number.isNaN(seconds) ? undefined : seconds,
    },
  )
}

const MOST_SAID = 300
const NAMES: Readonly<Record<number, string>> = {
  401: 'AccessDeniedException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
}

function chunkIn(data: string): Chunk {
  try {
    return CHUNK.parse(JSON.parse(data))
  } catch {
    throw new BrokenConnection(`the server's stream has ${data.slice(0, 100)}`)
  }
}

/** Translates the chunks of one stream. */
class Translator {
  readonly #request: Converse
  #open: number | undefined
  #count = 0
  #said = ''
  #reason: string | undefined
  #usage: Chunk['usage']

  constructor(request: Converse) {
    this.#request = request
  }

  *take({ choices, usage }: Chunk): Generator<AnswerPart> {
    this.#usage = usage ?? this.#usage
    const [choice] = choices
    this.#reason = choice?.finish_reason ?? this.#reason
    const text = choice?.delta?.content
    if (text) {
      this.#said += text
      yield { kind: 'text', text }
    }
    for (const { index, id, function: called } of choice?.delta?.tool_calls ?? []) {
      if (this.#open !== index || (called.name && id)) {
        this.#open = index
        this.#count += 1
        yield {
          kind: 'call',
          id: id || `tooluse_${this.#request.messages.length}_${index}`,
          name: called.name ?? '',
        }
      }
      this.#said += called.arguments ?? ''
      if (called.arguments) yield { kind: 'arguments', text: called.arguments }
    }
  }

  end(): AnswerPart {
    if (this.#reason === undefined)
      throw new BrokenConnection('the stream of the server has ended before the answer')
    const {
      prompt_tokens: input,
      completion_tokens: output,
      prompt_tokens_details: details,
    } = this.#usage ?? {}
    const cached = details?.cached_tokens ?? 0
    const usage = input
      ? usageOf(Math.max(0, input - cached), output ?? aboutTokens(this.#said), cached)
      : usageOf(aboutTokens([this.#request.system, this.#request.messages]), aboutTokens(this.#said))
    return { kind: 'end', stopReason: stopReasonOf(this.#reason, this.#count > 0), usage }
  }
}

function stopReasonOf(reason: string, hasCalls: boolean): StopReason {
  if (reason === 'length') return 'max_tokens'
  if (reason === 'content_filter') return 'guardrail_intervened'
  return hasCalls ? 'tool_use' : 'end_turn'
}
