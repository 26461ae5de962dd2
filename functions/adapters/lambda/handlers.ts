import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { boundedText } from '../../../shared/domain/bounded.ts'
import { ERRORS, type ErrorName } from '../../../shared/domain/errors.ts'
import { MOST_HANDLING_SECONDS } from '../../../shared/domain/message.ts'
import { ownOf } from '../../../shared/domain/own.ts'
import type { HandlerAnswer, Handlers } from '../../../shared/ports/index.ts'
import { callAws } from '../aws-errors.ts'

const MOST_TEXT = 1_000
/** A cold start, and what the host does before and after the handler. */
const MARGIN_SECONDS = 20
/** Errors of which another call of the same function would do no better. */
const FINAL: readonly string[] = [
  'AgentFinalError',
  'AgentOutputError',
  'ConfigError',
  'BudgetExceededError',
  'TaskCancelledError',
]

/** Calls the function of an agent, and waits for it. Throws UnavailableError for what may pass. */
export const lambdaHandlers = ({ client }: { client: LambdaClient }): Handlers => ({
  async callHandler(functionArn, call) {
    const command = new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(call) })
    const abortSignal = AbortSignal.timeout((MOST_HANDLING_SECONDS + MARGIN_SECONDS) * 1_000)
    const { FunctionError, Payload } = await callAws(() => client.send(command, { abortSignal }))
    if (FunctionError === undefined) return { handled: true }
    return failureIn(Payload?.transformToString() ?? '')
  },
})

function failureIn(text: string): HandlerAnswer {
  const { errorType = 'AgentFailedError', errorMessage = text } = parsed(text)
  const error = { name: String(errorType), message: boundedText(String(errorMessage), MOST_TEXT) }
  return {
    error,
    isFinal: FINAL.includes(error.name) && ownOf(ERRORS, error.name as ErrorName) !== undefined,
  }
}

function parsed(text: string): { errorType?: unknown; errorMessage?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
