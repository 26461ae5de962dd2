import { Duration } from 'aws-cdk-lib'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { FUNCTIONS } from '../../functions/catalogue.ts'
import type { Stage } from '../stage.ts'
import type { BundledFunction } from './bundled-function.ts'
import { messagesQueueName } from './our-arns.ts'

type MessageQueueProps = { readonly stage: Stage; readonly deliver: BundledFunction }

/** Handlers of agents may take a minute each; all of a group are handled one after the other. */
const BATCH = 5
/** The deliverer gives up what fails; only what it dies of comes so often. */
const MOST_RECEIVED = 5

/** The queue that tells of messages to agents: what is stored is told until it is settled, by a sweep if need be. */
export class MessageQueue extends Construct {
  readonly dead: Queue

  constructor(scope: Construct, id: string, { stage, deliver }: MessageQueueProps) {
    super(scope, id)
    const common = { fifo: true, encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }
    this.dead = new Queue(this, 'Dead', { ...common, retentionPeriod: Duration.days(14) })
    const queue = new Queue(this, 'Queue', {
      ...common,
      queueName: messagesQueueName(stage),
      visibilityTimeout: Duration.seconds(FUNCTIONS.deliver.timeoutSeconds),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: MOST_RECEIVED },
    })
    deliver.addEventSource(new SqsEventSource(queue, { batchSize: BATCH, reportBatchItemFailures: true }))
  }
}
