import { SqsService } from '../../../local/sqs/service.ts'

/** One process: uses a queue's file until it is killed, and tells each message once the queue has answered. */
const [file] = process.argv.slice(2)
if (process.argv[1] === import.meta.filename && file) {
  const sqs = new SqsService({ account: '000000000000', region: 'us-east-1', file })
  const queue = sqs.put('q.fifo', { FifoQueue: 'true', VisibilityTimeout: '600' })
  for (let at = 0; ; at += 1) {
    const name = `${process.pid}-${at}`
    queue.send({ body: name, attributes: '{}', group: String(at % 3), deduplicationId: name })
    process.stdout.write(`sent ${name}\n`)
    if (at % 2 === 1)
      for (const { handle, body } of queue.receive({ most: 1, inside: true })) {
        queue.remove(handle)
        process.stdout.write(`deleted ${body}\n`)
      }
    if (at % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
