import { OrchestratorError } from '../../../shared/domain/errors.ts'
import type { Bell, Messages } from '../../../shared/ports/index.ts'
import { dynamodbMessages } from '../../adapters/dynamodb/messages/messages.ts'
import { signedCall } from '../../adapters/signed-call.ts'
import { sqsBell } from '../../adapters/sqs/bell.ts'
import { tasksTable } from '../clients.ts'
import { environment } from '../environment.ts'
import { once } from '../once.ts'
import { clock, ids } from '../platform.ts'

export const messages = (): Messages => once('messages', () => dynamodbMessages(tasksTable()))

/** Throws ConfigError in a function that infra has not told of the queue. */
export const bell = (): Bell =>
  once('bell', () => {
    const { MESSAGES_QUEUE: queueUrl } = environment()
    if (queueUrl === undefined)
      throw new OrchestratorError('ConfigError', 'MESSAGES_QUEUE is not set; deploy again')
    return sqsBell({ queueUrl, call: signedCall, digest: ids().digest, now: clock.now })
  })
