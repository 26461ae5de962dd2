import type { Keys } from '../../../shared/ports/index.ts'
import { dynamodbKeys } from '../../adapters/dynamodb/identity/keys.ts'
import { registryTable } from '../clients.ts'
import { once } from '../once.ts'
import { clock } from '../platform.ts'

export const keys = (): Keys => once('keys', () => dynamodbKeys({ ...registryTable(), clock }))
