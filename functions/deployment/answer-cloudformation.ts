import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda'

/**
 * Runs a custom resource's work and tells CloudFormation how it went. Silence would hold the deployment for an hour,
 * so a failure is an answer too.
 */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  context: Context,
  work: () => Promise<Record<string, unknown>>,
): Promise<void> {
  const answer = await work().then(
    (Data) => ({ Status: 'SUCCESS', Data }),
    (error: unknown) => ({
      Status: 'FAILED',
      Reason: error instanceof Error ? error.message : String(error),
    }),
  )
  const body = JSON.stringify({
    ...answer,
    PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.LogicalResourceId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  })
  const response = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } })
  if (!response.ok)
    throw new Error(`CloudFormation did not take the answer: ${response.status} (${context.awsRequestId})`)
}
