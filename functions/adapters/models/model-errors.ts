import { boundedText } from '../../../shared/domain/bounded.ts'
import { isOrchestratorError, OrchestratorError } from '../../../shared/domain/errors.ts'
import { originOf } from '../../../shared/domain/model-settings.ts'
import { transientError } from '../../../shared/domain/transient-error.ts'
import { withoutSecrets } from '../../../shared/domain/without-secrets.ts'
import type { ModelRequest } from '../../../shared/ports/models.ts'
import type { CallWatch } from './call-watch.ts'
import { mostUsageOf } from './most-usage.ts'
import type { NamedModel } from './named-model.ts'

/** What an adapter knows of a call that failed. */
export type Failure = {
  /** The HTTP status; absent where no answer has come. */
  status?: number | undefined
  /** The provider's name of the error. */
  code?: string | undefined
  message: string
  retryAfterSeconds?: number | undefined
  /** Whether the provider had begun to answer, so that tokens are spent. */
  hasBegun?: boolean
}

type Kind = 'ModelThrottledError' | 'ModelUnavailableError' | 'ModelRefusedError' | 'ModelTimedOutError'

/** Providers tell overload by these statuses; 529 is Anthropic's. */
const OVERLOADED = [429, 503, 529]
/** Errors whose names tell more than their statuses. `insufficient_quota` is 429, and no wait helps. */
const BY_CODE: Readonly<Record<string, Kind>> = {
  ThrottlingException: 'ModelThrottledError',
  ModelNotReadyException: 'ModelThrottledError',
  ServiceUnavailableException: 'ModelThrottledError',
  ServiceQuotaExceededException: 'ModelThrottledError',
  ModelErrorException: 'ModelUnavailableError',
  ModelStreamErrorException: 'ModelUnavailableError',
  InternalServerException: 'ModelUnavailableError',
  ModelTimeoutException: 'ModelTimedOutError',
  ValidationException: 'ModelRefusedError',
  AccessDeniedException: 'ModelRefusedError',
  ResourceNotFoundException: 'ModelRefusedError',
  CredentialsProviderError: 'ModelRefusedError',
  rate_limit_exceeded: 'ModelThrottledError',
  rate_limit_error: 'ModelThrottledError',
  overloaded_error: 'ModelThrottledError',
  insufficient_quota: 'ModelRefusedError',
}
/** The provider's words may quote a prompt, which has no place in a log. */
const MOST_WORDS = 300

/** The error of the port for a failed call. It carries no cause: errors of libraries hold the prompt. */
function modelErrorOf(model: NamedModel, request: ModelRequest, failure: Failure): OrchestratorError {
  const { status, code, retryAfterSeconds, hasBegun } = failure
  const kind = kindOf(failure)
  // Providers quote the key that they refuse.
  const masked = (text: string): string =>
    withoutSecrets(text, model.apiKey === undefined ? [] : [model.apiKey])
  const said = boundedText(masked(failure.message), MOST_WORDS)
  const words = [status, code && masked(code), said].filter(Boolean).join(' ')
  const message = `${told(model)} ${DID[kind]}: ${words || 'no reason was given'}${adviceOf(model, kind, failure)}`
  return new OrchestratorError(kind, message, {
    model: model.name,
    modelId: model.id,
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code: masked(code) }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(hasBegun ? { usage: { ...mostUsageOf(request), estimated: true } } : {}),
  })
}

/** A call in flight. */
export type ModelCallInFlight = {
  model: NamedModel
  request: ModelRequest
  watch: CallWatch
  /** Whether the provider has begun to answer. */
  hasBegun: boolean
}

/** The error of the port for what a library has thrown; the signal's reason where the caller has aborted the call. */
export function callError(
  error: unknown,
  call: ModelCallInFlight,
  failure: Omit<Failure, 'hasBegun'>,
): unknown {
  const { model, request, watch } = call
  if (request.signal.aborted) return request.signal.reason
  if (isOrchestratorError(error)) return error
  const isAnswer = failure.status !== undefined && failure.status < 300
  const hasBegun = call.hasBegun || isAnswer
  if (watch.isLate || failure.code === 'ETIMEDOUT')
    return modelErrorOf(model, request, {
      code: 'ModelTimeoutException',
      message: `nothing has come for ${watch.milliseconds / 1_000} s`,
      hasBegun,
    })
  return modelErrorOf(model, request, {
    ...failure,
    // An answer that cannot be read is none, whatever its status.
    status: isAnswer ? undefined : failure.status,
    retryAfterSeconds: transientError(error, new Date())?.retryAfterSeconds,
    hasBegun,
  })
}

/** The error for an answer that is no whole one, although no more will come. */
export const notWhole = ({ model, request }: ModelCallInFlight): OrchestratorError =>
  modelErrorOf(model, request, { message: 'the answer has ended in the middle, or is none', hasBegun: true })

/** A model in a message: `the model "fast" (bedrock, amazon.nova-lite)`. */
export const told = ({ name, provider, id }: NamedModel): string => `the model "${name}" (${provider}, ${id})`

const DID: Readonly<Record<Kind, string>> = {
  ModelThrottledError: 'is throttled',
  ModelUnavailableError: 'has not answered',
  ModelRefusedError: 'refuses the call',
  ModelTimedOutError: 'has not answered in time',
}

function kindOf({ status, code = '' }: Failure): Kind {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  if (known) return known
  if (status === undefined) return 'ModelUnavailableError'
  if (OVERLOADED.includes(status)) return 'ModelThrottledError'
  if (status === 408) return 'ModelTimedOutError'
  return status >= 300 && status < 500 ? 'ModelRefusedError' : 'ModelUnavailableError'
}

/** What a person can do, with the setting to change. */
function adviceOf(
  { name, provider, url }: NamedModel,
  kind: Kind,
  { status, code, hasBegun }: Failure,
): string {
  const setting = (field: string): string => `\`models.${name}.${field}\` in the stage`
  const isBedrock = provider === 'bedrock'
  if (kind === 'ModelUnavailableError' && status === undefined && !hasBegun && !isBedrock)
    return `; start the server at ${originOf(url ?? '')}, or correct ${setting('url')}`
  if (kind !== 'ModelRefusedError') return ''
  if (code === 'insufficient_quota' || status === 402)
    return `; the account of ${setting('secret')} has no credit left`
  if (status === 401 || (status === 403 && !isBedrock))
    return `; the API key is not accepted: correct the secret of ${setting('secret')}`
  if (code === 'AccessDeniedException' || status === 403)
    return `; give this account access to the model in Bedrock's console, or deploy the stage so that the function may call it`
  if (code === 'ResourceNotFoundException' || status === 404)
    return `; correct ${setting('id')}${isBedrock ? ', or ask for a model of this region' : ` or ${setting('url')}`}`
  if (status !== undefined && status < 400) return `; it redirects elsewhere: correct ${setting('url')}`
  return ''
}
