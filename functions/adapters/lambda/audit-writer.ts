import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { AuditWriter } from '../../../shared/ports/audit-writer.ts'

type Settings = {
  client: LambdaClient
  functionName: string
  /** Told why nothing was appended. */
  onFailed: (reason: unknown) => void
}

/** A caller waits for it: a cold start of the function, and some entries. */
const MOST_MILLISECONDS = 3_000

/** Calls the writer's function, and waits for it at most three seconds. */
export const lambdaAuditWriter = ({ client, functionName, onFailed }: Settings): AuditWriter => ({
  async appendFor(tenant) {
    const call = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ tenant }) })
    try {
      const abortSignal = AbortSignal.timeout(MOST_MILLISECONDS)
      const { FunctionError, Payload } = await client.send(call, { abortSignal })
      if (FunctionError === undefined) return true
      onFailed(Payload?.transformToString())
    } catch (error) {
      onFailed(error)
    }
    return false
  },
})
