import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { textOf } from '../../../shared/domain/bounded.ts'
import { memberOf } from '../../../shared/domain/transient-error.ts'
import type { ModelAnswer, ModelRequest, Models } from '../../../shared/ports/models.ts'
import { requestIdIn, StreamedParts, type Told, toldBy } from './ai-sdk/answer.ts'
import { callOptions } from './ai-sdk/request.ts'
import { answerOf } from './answer-of.ts'
import { CallWatch } from './call-watch.ts'
import { callError, type ModelCallInFlight, notWhole } from './model-errors.ts'
import { type NamedModel, SILENCE_MILLISECONDS } from './named-model.ts'
import { type ToolNames, toolNames } from './tool-names.ts'

type Options = { silenceMilliseconds?: number }

/**
 * Any language model of the AI SDK, by `doGenerate`, and by `doStream` where the request listens to text: one try, without the SDK's own
 * loop, retries and gateway. A stream without its end is no answer: ModelUnavailableError, with the most that it can have used.
 */
export function aiSdkModel(
  model: NamedModel,
  language: LanguageModelV4,
  { silenceMilliseconds = SILENCE_MILLISECONDS }: Options = {},
): Models {
  async function generate(request: ModelRequest): Promise<ModelAnswer> {
    const names = toolNames(model, request)
    const watch = new CallWatch(request, silenceMilliseconds)
    const call = { model, request, watch, hasBegun: false }
    try {
      const options = { ...callOptions(model, request, names), abortSignal: watch.signal }
      const told = request.onText
        ? await streamed({ language, options, names, call })
        : toldBy(await watch.within(language.doGenerate(options)), names)
      if (told) return answerOf(request, { ...told, modelId: told.modelId ?? model.id })
      throw notWhole(call)
    } catch (error) {
      watch.end(error)
      throw errorOf(error, call)
    } finally {
      watch.stop()
    }
  }

  return { generate }
}

type Sent = {
  language: LanguageModelV4
  options: LanguageModelV4CallOptions
  names: ToolNames
  call: ModelCallInFlight
}

/** Reads the stream to its end. */
async function streamed({ language, options, names, call }: Sent): Promise<Told | undefined> {
  const { watch, request } = call
  const { stream, response } = await watch.within(language.doStream(options))
  call.hasBegun = true
  const parts = new StreamedParts(names, request.onText)
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await watch.within(reader.read())
    if (done) return parts.told(requestIdIn(response?.headers))
    parts.take(value)
  }
}

const errorOf = (error: unknown, call: ModelCallInFlight): unknown =>
  callError(error, call, { status: statusOf(error), code: codeOf(error), message: messageOf(error) })

/** The HTTP status; OpenRouter and others tell that of an error in a stream as its code. */
const statusOf = (error: unknown): number | undefined =>
  [memberOf(error, 'statusCode'), memberOf(error, 'code')].find((status) => typeof status === 'number')

/** The server's code, in an error's body or in its stream, else that of the socket. */
function codeOf(error: unknown): string | undefined {
  const body = memberOf(memberOf(error, 'data'), 'error')
  const codes = [
    memberOf(body, 'code'),
    memberOf(body, 'type'),
    memberOf(error, 'code'),
    memberOf(error, 'type'),
    memberOf(memberOf(error, 'cause'), 'code'),
  ]
  return codes.find((code): code is string => typeof code === 'string' && code !== '')
}

function messageOf(error: unknown): string {
  const [message, cause] = [memberOf(error, 'message'), memberOf(memberOf(error, 'cause'), 'message')]
  if (typeof message !== 'string') return textOf(error)
  // A body that is not JSON is told by the cause alone.
  return typeof cause === 'string' && !message.includes(cause) ? `${message}: ${cause}` : message
}
