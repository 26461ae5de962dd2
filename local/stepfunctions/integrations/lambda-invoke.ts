import type { LambdaService } from '../../lambda/service.ts'
import { StateError } from '../run/state-error.ts'
import { type Authorize, callService } from './authorize.ts'
import type { Integration, IntegrationCall, Integrations } from './integration.ts'

/** `lambda:invoke`: the envelope of a success, the error name and cause of a failure; and functions called by their ARN. */
export function lambdaIntegrations(lambda: LambdaService, authorize: Authorize): Integrations {
  const invoke = async (
    { roleArn, id }: IntegrationCall,
    name: string,
    payload: unknown,
  ): Promise<unknown> => {
    const outcome = await callService('Lambda', () => {
      authorize(roleArn, 'lambda:InvokeFunction', name)
      return lambda.invoke(name, JSON.stringify(payload), keyOf(id))
    })
    if ('payload' in outcome) return JSON.parse(outcome.payload) as unknown
    const { errorType, errorMessage, trace } = outcome.functionError
    const isTimeout = errorType === 'Sandbox.Timedout'
    throw new StateError(
      errorType,
      JSON.stringify({ errorType, errorMessage, ...(isTimeout ? {} : { trace }) }),
    )
  }

  const byService: Integration = async (call) => {
    const { FunctionName, Payload = {} } = call.arguments
    return {
      ExecutedVersion: '$LATEST',
      Payload: await invoke(call, String(FunctionName), Payload),
      StatusCode: 200,
    }
  }
  const byArn: Integration = (call) => invoke(call, call.resource, call.arguments)

  return { 'lambda:invoke': byService, lambda: byArn }
}

/** All retries of a state share one key: a call that ended its sandbox is known to be dangerous at the next attempt. */
const keyOf = (id: string): string => id.replace(/#\d+$/, '')
