import { AwsError } from '../aws/errors.ts'
import { attributesOf, type DeadLetter, DeliveryFailed } from '../events/dead-letter.ts'
import type { IamService } from '../iam/service.ts'
import type { AsynchronousInvocations } from '../lambda/asynchronous/service.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { SqsService } from './service.ts'
import type { MessageAttributes } from './wire/message-attributes.ts'
import { DraftSchema, read } from './wire/requests.ts'
import { sendMessage } from './wire/send.ts'

const EVENTS = 'events.amazonaws.com'

type Letter = { body: object; attributes?: MessageAttributes; senderId: string }

/** Delivers an event to its target: a function, asynchronously as EventBridge does, or a queue. Rejects with DeliveryFailed. */
export async function deliverEvent(
  {
    sqs,
    lambda,
    asynchronous,
  }: { sqs: SqsService; lambda: LambdaService; asynchronous: AsynchronousInvocations },
  arn: string,
  { event, ruleArn, key }: { event: object; ruleArn: string; key: string | undefined },
): Promise<void> {
  if (arn.startsWith('arn:aws:sqs:')) {
    refuseUnlessLet(sqs, arn, ruleArn)
    send(sqs, arn, { body: event, senderId: EVENTS })
    return
  }
  if (!lambda.isPermitted(arn, EVENTS))
    throw new DeliveryFailed('NO_PERMISSIONS', `${EVENTS} has no permission to invoke ${arn}`)
  await asynchronous.invoke(arn, JSON.stringify(event), key).catch((error: unknown) => {
    if (error instanceof AwsError) throw new DeliveryFailed('NO_RESOURCE', error.message)
    throw error
  })
}

/** Puts an event that could not be delivered into a dead-letter queue, as EventBridge does; returns why that was not possible, if so. */
export function deliverDeadLetter(sqs: SqsService, queueArn: string, letter: DeadLetter): string | undefined {
  try {
    refuseUnlessLet(sqs, queueArn, letter.ruleArn)
    send(sqs, queueArn, { body: letter.event, attributes: attributesOf(letter), senderId: EVENTS })
    return undefined
  } catch (error) {
    return `the event is lost: ${(error as Error).message}`
  }
}

/** Sends the record of a failed asynchronous invocation to the function's destination, by the function's role. Throws when that may not. */
export function sendFailure(
  { sqs, iam, lambda }: { sqs: SqsService; iam: IamService; lambda: LambdaService },
  destinationArn: string,
  { record, functionArn }: { record: object; functionArn: string },
): void {
  const { environment } = lambda.get(functionArn).settings
  iam.authorizeKey(environment.AWS_ACCESS_KEY_ID, 'sqs:SendMessage', destinationArn)
  const senderId = iam.roleNameOf(environment.AWS_ACCESS_KEY_ID) ?? functionArn
  send(sqs, destinationArn, { body: record, senderId })
}

function refuseUnlessLet(sqs: SqsService, queueArn: string, sourceArn: string): void {
  if (sqs.mayServiceSend(queueArn, EVENTS, sourceArn)) return
  throw new DeliveryFailed(
    'NO_PERMISSIONS',
    `no policy of ${queueArn} lets ${EVENTS} send to it for ${sourceArn}`,
  )
}

function send(sqs: SqsService, arn: string, { body, attributes = {}, senderId }: Letter): void {
  const queue = sqs.findByArn(arn)
  if (!queue) throw new DeliveryFailed('NO_RESOURCE', `there is no queue ${arn}`)
  sendMessage(
    queue,
    read(DraftSchema, { MessageBody: JSON.stringify(body), MessageAttributes: attributes }),
    senderId,
  )
}
