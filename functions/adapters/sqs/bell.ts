import type { Bell } from '../../../shared/ports/index.ts'
import type { signedCall } from '../signed-call.ts'

type Settings = {
  /** The URL of a FIFO queue. */
  queueUrl: string
  call: typeof signedCall
  digest: (text: string) => string
  now: () => Date
}

/** What was rung in this time is not rung again: SQS forgets ids after five minutes. */
const WINDOW_SECONDS = 60

/** A message of a FIFO queue: those from one sender to one recipient are a group, which is delivered one by one. */
export const sqsBell = ({ queueUrl, call, digest, now }: Settings): Bell => ({
  async ring({ taskId, id, to, from, sequence }) {
    const window = Math.floor(now().getTime() / 1_000 / WINDOW_SECONDS)
    await call({
      service: 'sqs',
      target: 'AmazonSQS.SendMessage',
      version: '1.0',
      body: {
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify({ taskId, id, to, from, sequence }),
        MessageGroupId: digest([taskId, from, to].join('\n')),
        MessageDeduplicationId: digest([taskId, id, String(window)].join('\n')),
      },
    })
  },
})
