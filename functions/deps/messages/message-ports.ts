import type { Messages } from '../../../shared/ports/index.ts'
import { dynamodbMessages } from '../../adapters/dynamodb/messages/messages.ts'
import { tasksTable } from '../clients.ts'
import { once } from '../once.ts'

export const messages = (): Messages => once('messages', () => dynamodbMessages(tasksTable()))
