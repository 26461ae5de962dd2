import type { Budgets, Queue, Waits } from '../../shared/ports/index.ts'
import { dynamodbWaits } from '../adapters/dynamodb/steps/waits.ts'
import { dynamodbBudgets } from '../adapters/dynamodb/tasks/budgets.ts'
import { dynamodbQueue } from '../adapters/dynamodb/tasks/queue.ts'
import { bus } from './bus.ts'
import { tasksTable } from './clients.ts'
import { environment } from './environment.ts'
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

const queue = (): Queue =>
  once('queue', () => dynamodbQueue({ ...tasksTable(), most: environment().TENANT_CONCURRENCY }))

const waits = (): Waits => once('waits', () => dynamodbWaits(tasksTable()))

export const budgets = (): Budgets => once('budgets', () => dynamodbBudgets(tasksTable()))
