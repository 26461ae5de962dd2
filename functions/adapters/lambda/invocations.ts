import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { callAws } from '../aws-errors.ts'

/** Has a function invoked with this event, and waits for no answer. */
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
