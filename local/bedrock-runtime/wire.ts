import { Readable } from 'node:stream'
import * as z from 'zod'
import { describeIssues } from '../../shared/domain/issue.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { profilePrefixOf } from '../../shared/estimator/model-prices.ts'
import { AwsError } from '../aws/errors.ts'
import type { AwsRequest, AwsResponse } from '../aws/requests.ts'
import type { IamService } from '../iam/service.ts'
import { type AnswerPart, ConverseSchema } from './converse.ts'
import { eventFrame, exceptionFrame } from './event-stream.ts'
import { BedrockError } from './play-answer.ts'
import type { BedrockRuntimeService } from './service.ts'

type Services = { bedrock: BedrockRuntimeService; iam: IamService; account: string; region: string }

const PATH = /^\/model\/([^/]+)\/(converse|converse-stream|count-tokens)$/
const ACTIONS: Readonly<Record<string, string>> = {
  converse: 'bedrock:InvokeModel',
  'converse-stream': 'bedrock:InvokeModelWithResponseStream',
  'count-tokens': 'bedrock:CountTokens',
}
const JSON_TYPE = { 'content-type': 'application/json' }

export const isForBedrock = (pathname: string): boolean => PATH.test(pathname)

/** Whether the answer to a request comes in pieces, so that it cannot be one message. */
export const isStreamOfBedrock = (path: string): boolean => /^\/model\/[^/]+\/converse-stream$/.test(path)

/** Answers Converse, ConverseStream and CountTokens. */
export async function answerBedrock(services: Services, request: AwsRequest): Promise<AwsResponse> {
  const [, encoded = '', operation = ''] = PATH.exec(request.url.pathname) ?? []
  const controller = new AbortController()
  try {
    const model = decoded(encoded)
    authorize(services, request, ACTIONS[operation] ?? '', model)
    if (operation === 'count-tokens') {
      const { input } = read(CountSchema, request)
      return {
        status: 200,
        headers: JSON_TYPE,
        body: JSON.stringify({ inputTokens: services.bedrock.countTokens(input.converse) }),
      }
    }
    const asked = read(ConverseSchema, request)
    const parts = services.bedrock.answer(model, asked, controller.signal)
    if (operation === 'converse')
      return { status: 200, headers: JSON_TYPE, body: JSON.stringify(await whole(parts)) }
    return await streamed(parts, controller)
  } catch (error) {
    if (error instanceof AwsError) return refusal(error)
    throw error
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new BedrockError('ValidationException', `${text} is no id of a model`)
  }
}

const CountSchema = z.object({ input: z.object({ converse: ConverseSchema }) })

/** The model, or the inference profile with the model behind it, which is called by way of that profile. */
function authorize(
  { iam, account, region }: Services,
  request: AwsRequest,
  action: string,
  id: string,
): void {
  const { accessKeyId } = request
  const prefix = profilePrefixOf(id)
  if (id.startsWith('arn:') || prefix === undefined) {
    const arn = id.startsWith('arn:') ? id : `arn:aws:bedrock:${region}::foundation-model/${id}`
    return iam.authorizeKey(accessKeyId, action, arn)
  }
  const profile = `arn:aws:bedrock:${region}:${account}:inference-profile/${id}`
  iam.authorizeKey(accessKeyId, action, profile)
  const model = `arn:aws:bedrock:${region}::foundation-model/${id.slice(prefix.length + 1)}`
  iam.authorizeKey(accessKeyId, action, model, { 'bedrock:InferenceProfileArn': profile })
}

function read<T>(schema: z.ZodType<T>, { body }: AwsRequest): T {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    throw new BedrockError('ValidationException', 'the body is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new BedrockError('ValidationException', describeIssues(issuesOfZod(parsed.error, { schema })))
}

function refusal(error: AwsError): AwsResponse {
  const wait = error instanceof BedrockError ? error.retryAfterSeconds : undefined
  const status = error.code === 'AccessDeniedException' ? 403 : error.status
  return {
    status,
    headers: {
      ...JSON_TYPE,
      'x-amzn-errortype': error.code,
      ...(wait === undefined ? {} : { 'retry-after': String(wait) }),
    },
    body: JSON.stringify({ message: error.message }),
  }
}

/** The blocks of an answer; arguments of a call that are no JSON are sent as a text, as no provider of Bedrock's would. */
async function whole(parts: AsyncGenerator<AnswerPart>): Promise<object> {
  const content: ({ text: string } | { toolUse: { toolUseId: string; name: string; input: unknown } })[] = []
  let call: { toolUse: { toolUseId: string; name: string; input: unknown } } | undefined
  let text = ''
  const close = (): void => {
    if (call) call.toolUse.input = parsedOr(text)
    else if (text !== '') content.push({ text })
    call = undefined
    text = ''
  }
  for await (const part of parts) {
    if (part.kind === 'end') {
      close()
      const { stopReason, usage } = part
      return {
        output: { message: { role: 'assistant', content } },
        stopReason,
        usage,
        metrics: { latencyMs: 0 },
      }
    }
    if (part.kind === 'call') {
      close()
      call = { toolUse: { toolUseId: part.id, name: part.name, input: {} } }
      content.push(call)
    } else {
      if (part.kind === 'text' && call) close()
      text += part.text
    }
  }
  throw new AwsError('ModelErrorException', 'the answer has no end', 424)
}

function parsedOr(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The stream; a failure before the first part is an answer of its own, as at Bedrock. */
async function streamed(
  parts: AsyncGenerator<AnswerPart>,
  controller: AbortController,
): Promise<AwsResponse> {
  const first = await parts.next()
  const body = readableOf(framesOf(first, parts), controller)
  return { status: 200, headers: { 'content-type': 'application/vnd.amazon.eventstream' }, body }
}

/** A client that has gone ends what waits for the next frame: `Readable.from` would wait for it first. */
const readableOf = (frames: AsyncGenerator<Buffer>, controller: AbortController): Readable =>
  new Readable({
    read() {
      frames.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, done) {
      controller.abort()
      done(error)
    },
  })

async function* framesOf(
  first: IteratorResult<AnswerPart, unknown>,
  parts: AsyncGenerator<AnswerPart>,
): AsyncGenerator<Buffer> {
  yield eventFrame('messageStart', { role: 'assistant' })
  const blocks = new Blocks()
  try {
    for (let next = first; !next.done; next = await parts.next()) yield* blocks.take(next.value)
  } catch (error) {
    if (!(error instanceof BedrockError)) throw error
    yield exceptionFrame(`${error.code[0]?.toLowerCase()}${error.code.slice(1)}`, error.message)
  }
}

/** Numbers the blocks of a stream. */
class Blocks {
  #index = -1
  #open: 'text' | 'call' | undefined;

  *take(part: AnswerPart): Generator<Buffer> {
    if (part.kind === 'end') {
      yield* this.#close()
      yield eventFrame('messageStop', { stopReason: part.stopReason })
      yield eventFrame('metadata', { usage: part.usage, metrics: { latencyMs: 0 } })
      return
    }
    const kind = part.kind === 'text' ? 'text' : 'call'
    if (part.kind === 'call' || this.#open !== kind) {
      yield* this.#close()
      this.#open = kind
      this.#index += 1
    }
    const contentBlockIndex = this.#index
    if (part.kind === 'call') {
      const start = { toolUse: { toolUseId: part.id, name: part.name } }
      yield eventFrame('contentBlockStart', { contentBlockIndex, start })
    } else {
      const delta = part.kind === 'text' ? { text: part.text } : { toolUse: { input: part.text } }
      yield eventFrame('contentBlockDelta', { contentBlockIndex, delta })
    }
  }

  *#close(): Generator<Buffer> {
    if (this.#open) yield eventFrame('contentBlockStop', { contentBlockIndex: this.#index })
    this.#open = undefined
  }
}
