import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { FinalError, RetryableError } from '../../../shared/agent/agent-errors.ts'
import { MOST_CALL_BYTES } from '../../../shared/contracts/agent-contract.ts'
import type { LambdaPlace } from '../../../shared/domain/elsewhere/place.ts'
import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { ElsewhereReply, ElsewhereRequest } from '../../../shared/ports/elsewhere.ts'
import { callAws } from '../aws-errors.ts'

/** Errors of Lambda before the function is called, when it takes no more calls. */
const BUSY = ['TooManyRequestsException', 'EC2ThrottledException', 'ENILimitReachedException']
const BUSY_SECONDS = 5

/** What cannot be mended by calling again. */
const LASTING: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'there is no such function',
  AccessDeniedException:
    'the function may not be invoked: it is in another account and its policy does not allow it, or agentsElsewhere.lambda of the stage does not name it',
  InvalidRuntimeException: 'its runtime is not known',
  KMSAccessDeniedException: 'its variables cannot be decrypted',
}

/**
 * Invokes a function with a call as its event, and waits for its result. Throws FinalError for a function that is not there or may not be invoked,
 * AgentBusyError where Lambda takes no more calls, RetryableError where there is no answer, and the signal's reason.
 */
export async function invokeCall(
  client: LambdaClient,
  { arn }: LambdaPlace,
  { body, timeoutSeconds, signal }: Pick<ElsewhereRequest, 'body' | 'timeoutSeconds' | 'signal'>,
): Promise<ElsewhereReply> {
  const limit = AbortSignal.timeout(Math.round(timeoutSeconds * 1_000))
  const call = new InvokeCommand({ FunctionName: arn, Payload: body })
  try {
    const { FunctionError, Payload } = await callAws(() =>
      client.send(call, { abortSignal: AbortSignal.any([signal, limit]) }),
    )
    const payload = Payload?.transformToString() ?? ''
    const truncated = payload.length > MOST_CALL_BYTES
    return { kind: 'lambda', functionError: FunctionError, payload, truncated }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const cause = { cause: error }
    if (limit.aborted) throw new RetryableError(`${arn} has not answered within ${timeoutSeconds} s`, cause)
    const { name, message } = nameOf(error)
    if (BUSY.includes(name))
      throw new OrchestratorError(
        'AgentBusyError',
        `Lambda takes no more calls of ${arn} now: ${message}`,
        { waitSeconds: BUSY_SECONDS },
        error,
      )
    if (Object.hasOwn(LASTING, name))
      throw new FinalError(`${arn} cannot be called: ${LASTING[name]} (${name}: ${message})`, cause)
    throw new RetryableError(`${arn} cannot be reached: ${name}: ${message}`, cause)
  }
}

/** The name that Lambda has given, also where `callAws` has thrown another error of it. */
function nameOf(error: unknown): { name: string; message: string } {
  const { cause } = error as { cause?: unknown }
  const told = error instanceof OrchestratorError && cause instanceof Error ? cause : error
  return told instanceof Error ? told : { name: 'Error', message: String(told) }
}

/** A ping as event: undefined for any result, or why the function is not well. */
export async function pingFunction(
  client: LambdaClient,
  place: LambdaPlace,
  timeoutSeconds: number,
): Promise<string | undefined> {
  const reply = await invokeCall(client, place, {
    body: JSON.stringify({ ping: true }),
    timeoutSeconds,
    signal: new AbortController().signal,
  })
  const failed = reply.kind === 'lambda' ? reply.functionError : undefined
  return failed === undefined
    ? undefined
    : `its function failed (${failed}) when it was asked whether it is well`
}
