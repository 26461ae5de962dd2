import type { Links } from '../../../shared/ports/index.ts'
import { dynamodbLinks } from '../../adapters/dynamodb/identity/links.ts'
import { tasksTable } from '../clients.ts'
import { once } from '../once.ts'

export const links = (): Links => once('links', () => dynamodbLinks(tasksTable()))
