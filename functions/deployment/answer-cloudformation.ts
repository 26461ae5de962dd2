/**
 * How the function behind a custom resource reports to CloudFormation.
 *
 * Invariants (tests cite them):
 * cloudformation/A1 CloudFormation is answered once, and before its timeout: without an answer the deployment would hang until then
 * cloudformation/A2 work that has only run out of time continues in a later invocation, which knows when the first began
 * cloudformation/A3 when no later invocation could finish in time, failure is reported; a deletion always succeeds,
 *    because leftovers must not block the removal of the stack
 * cloudformation/A4 a later invocation begins after a back-off, so that a service that throttles or is briefly down can recover
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda'

/** CloudFormation's event, and when it was first sent (milliseconds since 1970). */
export type Asked = CloudFormationCustomResourceEvent & { askedAt?: number }

type Work = {
  now: () => number
  /** Returns the attributes for CloudFormation. Throws UnavailableError when the work must continue in a later invocation. */
  run: () => Promise<Record<string, unknown>>
  wait: (milliseconds: number) => Promise<void>
  /** Invokes this function once more, asynchronously, with this event. */
  goOn: (event: Asked) => Promise<void>
}
type Answer = { Status: 'SUCCESS' | 'FAILED'; Data?: Record<string, unknown>; Reason?: string }

/** The service timeout of the resource, CloudFormation's maximum; and the longest time one invocation may take. */
const SERVICE_TIMEOUT_MINUTES = 60
const INVOCATION_MINUTES = 15
/** The back-off before the next invocation; less than the time an invocation has left when it stops. */
const WAIT_MILLISECONDS = 30_000
/** CloudFormation accepts an answer of up to 4 KB. */
const MOST_REASON = 1_000

/** Runs the work, then answers CloudFormation or continues later. Throws when CloudFormation does not accept the answer. */
export async function answerCloudFormation(event: Asked, work: Work): Promise<'answered' | 'goes on'> {
  const answer = await answerOf(event, work)
  if (answer === 'goes on') return answer
  await send(event, answer)
  return 'answered'
}

async function answerOf(event: Asked, { now, run, wait, goOn }: Work): Promise<Answer | 'goes on'> {
  const { askedAt = now() } = event
  try {
    return { Status: 'SUCCESS', Data: await run() }
  } catch (error) {
    if ((error as Error).name !== 'UnavailableError') return failed(error)
    const endsInMinutes = (now() + WAIT_MILLISECONDS - askedAt) / 60_000 + INVOCATION_MINUTES
    if (endsInMinutes < SERVICE_TIMEOUT_MINUTES) {
      await wait(WAIT_MILLISECONDS)
      return goOn({ ...event, askedAt }).then(() => 'goes on' as const, failed)
    }
    return event.RequestType === 'Delete' ? { Status: 'SUCCESS' } : failed(error)
  }
}

const failed = (error: unknown): Answer => {
  const message = error instanceof Error ? error.message : String(error)
  return { Status: 'FAILED', Reason: message.slice(0, MOST_REASON) }
}

async function send(event: Asked, answer: Answer): Promise<void> {
  const body = JSON.stringify({
    ...answer,
    PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.LogicalResourceId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  })
  const response = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } })
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: ${response.status}`)
}
