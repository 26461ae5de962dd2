import type { Money, Quotas } from '../../../shared/ports/index.ts'
import { dynamodbMoney } from '../../adapters/dynamodb/budgets/money.ts'
import { dynamodbQuotas } from '../../adapters/dynamodb/counters/quotas.ts'
import { registryTable, tasksTable } from '../clients.ts'
import { once } from '../once.ts'
import { clock } from '../platform.ts'
import { quotasOfTenant } from './tenants.ts'

export const quotas = (): Quotas =>
  once('quotas', () => dynamodbQuotas({ ...registryTable(), quotasOf: quotasOfTenant }))

export const money = (): Money => once('money', () => dynamodbMoney({ ...tasksTable(), clock }))
