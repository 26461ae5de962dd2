import type { Budgets, Queue } from '../../shared/ports/index.ts'
import { dynamodbBudgets } from '../adapters/dynamodb/tasks/budgets.ts'
import { dynamodbQueue } from '../adapters/dynamodb/tasks/queue.ts'
import { bus } from './bus.ts'
import { tasksTable } from './clients.ts'
import { environment } from './environment.ts'
import { limits } from './knowledge-ports.ts'
import { once } from './once.ts'
import { prices } from './platform.ts'
import { executions } from './state-machines.ts'

/** What a task starts and ends with; with `taskPorts`. */
export const queuePorts = () => ({
  queue: queue(),
  limits: limits(),
  budgets: budgets(),
  executions: executions(),
  bus: bus(),
  prices: prices(),
})

const queue = (): Queue =>
  once('queue', () => dynamodbQueue({ ...tasksTable(), most: environment().TENANT_CONCURRENCY }))

export const budgets = (): Budgets => once('budgets', () => dynamodbBudgets(tasksTable()))
