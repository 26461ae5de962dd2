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

/** A state's retries share what is known of the state: the second attempt of what has ended its sandbox ends the next. */
const keyOf = (id: string): string => id.replace(/#\d+$/, '')
