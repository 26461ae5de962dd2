import type { QueueSettings } from './settings.ts'
import type { Message } from './store.ts'

/** The queue that a message goes to instead of a receiver (sqs/Q5); one of another kind, or that is not there, keeps it where it is. */
export function deadLettersFor<Q extends { settings: QueueSettings }>(
  { receiveCount, countBefore }: Message,
  queue: Q,
  find: (arn: string) => Q | undefined,
): Q | undefined {
  const { redrive, fifo } = queue.settings
  if (!redrive || receiveCount - countBefore < redrive.maxReceiveCount) return undefined
  const target = find(redrive.deadLetterTargetArn)
  return target && target !== queue && target.settings.fifo === fifo ? target : undefined
}
