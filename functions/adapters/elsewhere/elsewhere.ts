import type { LambdaClient } from '@aws-sdk/client-lambda'
import { boundedText } from '../../../shared/domain/bounded.ts'
import type { ElsewhereAgents } from '../../../shared/ports/elsewhere.ts'
import { askHealth, postCall } from './http.ts'
import { invokeCall, pingFunction } from './lambda.ts'

type Settings = Omit<Parameters<typeof postCall>[0], 'allowed'> & { client: LambdaClient }

/** Agents behind HTTP, and Lambda functions of any runtime. */
export const elsewhereAgents = ({ client, ...settings }: Settings): ElsewhereAgents => ({
  call: (place, request) =>
    place.kind === 'http'
      ? postCall({ ...settings, allowed: request.allowed }, place, request)
      : invokeCall(client, place, request),

  async ping(place, { timeoutSeconds, allowed }) {
    try {
      return place.kind === 'http'
        ? await askHealth({ ...settings, allowed }, place, timeoutSeconds)
        : await pingFunction(client, place, timeoutSeconds)
    } catch (error) {
      return boundedText(error instanceof Error ? error.message : String(error), 500)
    }
  },
})
