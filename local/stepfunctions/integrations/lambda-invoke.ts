import type { LambdaService } from '../../lambda/lambda-service.ts'
import { StateError } from '../state-error.ts'
import { type Authorize, callService } from './authorize.ts'
import type { Integration, Integrations } from './integration.ts'

/** `lambda:invoke`: the envelope of a success, the error name and cause of a failure; and functions called by their ARN. */
export function lambdaIntegrations(lambda: LambdaService, authorize: Authorize): Integrations {
  const invoke = async (roleArn: string, name: string, payload: unknown): Promise<unknown> => {
    const outcome = await callService('Lambda', () => {
      authorize(roleArn, 'lambda:InvokeFunction', name)
      return lambda.invoke(name, JSON.stringify(payload))
    })
    if ('payload' in outcome) return JSON.parse(outcome.payload) as unknown
    const { errorType, errorMessage, trace } = outcome.functionError
    const isTimeout = errorType === 'Sandbox.Timedout'
    throw new StateError(
      errorType,
      JSON.stringify({ errorType, errorMessage, ...(isTimeout ? {} : { trace }) }),
    )
  }

  const byService: Integration = async ({ roleArn, arguments: { FunctionName, Payload = {} } }) => ({
    ExecutedVersion: '$LATEST',
    Payload: await invoke(roleArn, String(FunctionName), Payload),
    StatusCode: 200,
  })
  const byArn: Integration = ({ roleArn, resource, arguments: payload }) => invoke(roleArn, resource, payload)

  return { 'lambda:invoke': byService, lambda: byArn }
}
