/**
 * How the work of a custom resource is told to CloudFormation.
 *
 * Invariants (tests cite them):
 * cloudformation/A1 CloudFormation is answered once, and before it gives up: silence would hold the deployment until its timeout
 * cloudformation/A2 work that has only run out of time goes on in a later invocation, which knows when the first began
 * cloudformation/A3 where no later invocation would end in time, failure is the answer; but a deletion succeeds, for what it leaves behind must
 *    not hold the stack
 * cloudformation/A4 a later invocation begins after a while: a service that throttles, or is down for a moment, has time to come back
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda'

/** What CloudFormation sends, and when it was sent first, in milliseconds. */
export type Asked = CloudFormationCustomResourceEvent & { askedAt?: number }

type Work = {
  now: () => number
  /** Answers what CloudFormation is told. Throws UnavailableError when it is to go on later. */
  run: () => Promise<Record<string, unknown>>
  wait: (milliseconds: number) => Promise<void>
  /** Has this function invoked once more, with this event. */
  goOn: (event: Asked) => Promise<void>
}
type Answer = { Status: 'SUCCESS' | 'FAILED'; Data?: Record<string, unknown>; Reason?: string }

/** The service timeout of the resource, which is the longest that CloudFormation knows; and what an invocation may take of it. */
const SERVICE_TIMEOUT_MINUTES = 60
const INVOCATION_MINUTES = 15
/** What an invocation that has run out of time still has is more. */
const WAIT_MILLISECONDS = 30_000
/** An answer has 4 KB. */
const MOST_REASON = 1_000

/** Runs the work, and answers or goes on. Throws when CloudFormation does not take the answer. */
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
