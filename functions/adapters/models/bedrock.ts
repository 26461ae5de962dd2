import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  CountTokensCommand,
} from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { isOrchestratorError } from '../../../shared/domain/errors.ts'
import { mostInputTokens } from '../../../shared/domain/model-tokens.ts'
import { memberOf } from '../../../shared/domain/transient-error.ts'
import type { ModelAnswer, ModelRequest, Models } from '../../../shared/ports/models.ts'
import { answerOf } from './answer-of.ts'
import { ConverseEvents, type Told, toldBy } from './bedrock/answer.ts'
import { converseInput } from './bedrock/request.ts'
import { CallWatch } from './call-watch.ts'
import { reconnecting } from './lost-connection.ts'
import { callError, type ModelCallInFlight, notWhole } from './model-errors.ts'
import { type NamedModel, SILENCE_MILLISECONDS } from './named-model.ts'
import { type ToolNames, toolNames } from './tool-names.ts'

type Options = { client: BedrockRuntimeClient; silenceMilliseconds?: number }

let shared: BedrockRuntimeClient | undefined

/** The adapter of the provider `bedrock`; all models share one client. */
export function createModel(model: NamedModel): Models {
  shared ??= bedrockClient()
  return bedrockModel(model, { client: shared })
}

/**
 * A language model of Amazon Bedrock, by Converse, and by ConverseStream where the request listens to text.
 *
 * Invariants (tests cite them):
 * bedrock/B1 one try a call; it is repeated only where the connection failed before a byte.
 * bedrock/B2 a stream without its last event is no answer: ModelUnavailableError, with the most that it can have used.
 */
export function bedrockModel(
  model: NamedModel,
  { client, silenceMilliseconds = SILENCE_MILLISECONDS }: Options,
): Required<Models> {
  let counts = true
  let streams = true

  async function generate(request: ModelRequest): Promise<ModelAnswer> {
    const names = toolNames(model, request)
    const input = converseInput(model, request, names)
    const watch = new CallWatch(request, silenceMilliseconds)
    const call = { model, request, watch, hasBegun: false }
    try {
      const sent = { client, input, names, call }
      const told = request.onText ? await listened(sent) : await whole(sent)
      if (told) return answerOf(request, { ...told, modelId: model.id })
      throw notWhole(call)
    } catch (error) {
      watch.end(error)
      throw errorOf(error, call)
    } finally {
      watch.stop()
    }
  }

  /** Some models do not stream, or not where tools are used: from that refusal on their text comes as one piece. */
  async function listened(sent: Sent): Promise<Told | undefined> {
    if (streams) {
      try {
        return await streamed(sent)
      } catch (error) {
        if (sent.call.hasBegun || !refusesStreams(error)) throw error
        streams = false
      }
    }
    const told = await whole(sent)
    for (const part of told?.parts ?? []) if (part.kind === 'text') sent.call.request.onText?.(part.text)
    return told
  }

  /** Bedrock counts for some models only, and for none by an inference profile: else it is the most that there can be. */
  async function count(request: ModelRequest): Promise<number> {
    if (!counts) return mostInputTokens(request)
    const { system, messages, toolConfig } = converseInput(model, request, toolNames(model, request))
    const input = { converse: { system, messages, ...(toolConfig ? { toolConfig } : {}) } }
    const watch = new CallWatch(request, silenceMilliseconds)
    try {
      const command = new CountTokensCommand({ modelId: model.id, input })
      const { inputTokens } = await watch.within(client.send(command, { abortSignal: watch.signal }))
      return inputTokens ?? mostInputTokens(request)
    } catch (thrown) {
      watch.end(thrown)
      const error = errorOf(thrown, { model, request, watch, hasBegun: false })
      if (!isOrchestratorError(error, 'ModelRefusedError')) throw error
      // Another refusal is of this request alone.
      if (/count/i.test(error.message)) counts = false
      return mostInputTokens(request)
    } finally {
      watch.stop()
    }
  }

  return { generate, count }
}

const refusesStreams = (error: unknown): boolean =>
  memberOf(error, 'name') === 'ValidationException' && /stream/i.test(String(memberOf(error, 'message')))

type Sent = {
  client: BedrockRuntimeClient
  input: ConverseCommandInput
  names: ToolNames
  call: ModelCallInFlight
}

async function whole({ client, input, names, call: { watch } }: Sent): Promise<Told | undefined> {
  const answer = await watch.within(client.send(new ConverseCommand(input), { abortSignal: watch.signal }))
  return toldBy(answer, names)
}

/** Reads the stream to its end. */
async function streamed({ client, input, names, call }: Sent): Promise<Told | undefined> {
  const { watch, request } = call
  const sent = client.send(new ConverseStreamCommand(input), { abortSignal: watch.signal })
  const { stream, $metadata } = await watch.within(sent)
  call.hasBegun = true
  const events = new ConverseEvents(names, request.onText)
  const iterator = stream?.[Symbol.asyncIterator]()
  for (;;) {
    const next = await watch.within(iterator?.next() ?? END)
    if (next.done) return events.told($metadata.requestId)
    events.take(next.value)
  }
}

const END = Promise.resolve({ done: true as const, value: undefined })

/** Over HTTP/1.1, which the local cloud speaks; the SDK takes HTTP/2 for Bedrock by default. */
export function bedrockClient(config: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient {
  const client = new BedrockRuntimeClient({
    ...config,
    maxAttempts: 1,
    // Without `throwOnRequestTimeout` the timeout is only a warning.
    requestHandler: new ReconnectingHandler({
      connectionTimeout: 10_000,
      requestTimeout: SILENCE_MILLISECONDS,
      throwOnRequestTimeout: true,
    }),
  })
  // The SDK's log output is not used.
  client.middlewareStack.remove('loggerMiddleware')
  return client
}

type Handle = NodeHttpHandler['handle']

class ReconnectingHandler extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const signal = options?.abortSignal
    return reconnecting(
      () => super.handle(request, options),
      () => signal?.aborted === true,
    )
  }
}

const errorOf = (error: unknown, call: ModelCallInFlight): unknown =>
  callError(error, call, {
    status: statusOf(error),
    code: codeOf(error),
    message: String(memberOf(error, 'message') ?? error),
  })

/** A socket's code, else the service's name of the error: the SDK names a reset connection TimeoutError. */
function codeOf(error: unknown): string | undefined {
  const [code, name] = [memberOf(error, 'code'), memberOf(error, 'name')]
  if (typeof code === 'string') return code
  return typeof name === 'string' && name !== 'Error' ? name : undefined
}

/** The status of an answer, also of one whose body could not be read. */
function statusOf(error: unknown): number | undefined {
  const metadata = memberOf(memberOf(error, '$metadata'), 'httpStatusCode')
  const status = metadata ?? memberOf(memberOf(error, '$response'), 'statusCode')
  return typeof status === 'number' ? status : undefined
}
