import { isLimited } from '../../shared/domain/quotas.ts'
import type { Budgets, Queue, Waits } from '../../shared/ports/index.ts'
import { dynamodbBudgets } from '../adapters/dynamodb/budgets/budgets.ts'
import { dynamodbWaits } from '../adapters/dynamodb/steps/waits.ts'
import { dynamodbQueue } from '../adapters/dynamodb/tasks/queue.ts'
import { bus } from './bus.ts'
import { tasksTable } from './clients.ts'
import { environment } from './environment.ts'
import { quotasOfTenant, tenants } from './identity/tenants.ts'
import { limits } from './knowledge-ports.ts'
import { once } from './once.ts'
import { prices } from './platform.ts'
import { executions } from './state-machines.ts'

/** The ports with which a task is started and ended, in addition to `taskPorts`. */
export const queuePorts = () => ({
  queue: queue(),
  limits: limits(),
  budgets: budgets(),
  waits: waits(),
  executions: executions(),
  bus: bus(),
  prices: prices(),
})

/** Whether tasks of some tenant may have to wait. */
export const mayQueue = (): boolean =>
  environment().TENANT_CONCURRENCY !== undefined || isLimited(tenants(), 'concurrency')

const queue = (): Queue =>
  once('queue', () =>
    dynamodbQueue({ ...tasksTable(), mostOf: (tenant) => quotasOfTenant(tenant).concurrency }),
  )

export const waits = (): Waits => once('waits', () => dynamodbWaits(tasksTable()))

export const budgets = (): Budgets => once('budgets', () => dynamodbBudgets(tasksTable()))
