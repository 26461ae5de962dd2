import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { callAws } from '../aws-errors.ts'

/** Invokes a function asynchronously. */
export async function invokeFunctionLater(
  client: LambdaClient,
  functionName: string,
  event: object,
): Promise<void> {
  const Payload = JSON.stringify(event)
  await callAws(() =>
    client.send(new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload })),
  )
}
