import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/budgets/budgets.ts'
import { dynamodbMoney } from '../../functions/adapters/dynamodb/budgets/money.ts'
import { dynamodbBreakers } from '../../functions/adapters/dynamodb/counters/breakers.ts'
import { dynamodbLimits } from '../../functions/adapters/dynamodb/counters/limits.ts'
import { dynamodbQuotas } from '../../functions/adapters/dynamodb/counters/quotas.ts'
import { dynamodbStatistics } from '../../functions/adapters/dynamodb/counters/statistics.ts'
import { dynamodbDeletions } from '../../functions/adapters/dynamodb/deletions/deletions.ts'
import { dynamodbSharedState } from '../../functions/adapters/dynamodb/state/shared-state.ts'
import { dynamodbLedger } from '../../functions/adapters/dynamodb/steps/ledger.ts'
import { dynamodbQueue } from '../../functions/adapters/dynamodb/tasks/queue.ts'
import { dynamodbRetention } from '../../functions/adapters/dynamodb/tasks/retention.ts'
import { dynamodbTenants } from '../../functions/adapters/dynamodb/tenants/tenants.ts'
import type { ErasedObjects } from '../../functions/adapters/s3/removal/erased-objects.ts'
import type { BlobStore, Clock, Ids, Ports } from '../../shared/ports/index.ts'
import { registryPorts } from './registry-ports.ts'
import { taskPorts } from './task-ports.ts'

/** The table names that adapters and compiled definitions use. */
export const TASKS = 'tasks'
export const REGISTRY = 'registry'

/** Tasks of a test are kept. */
const NO_MARKS = { mark: async () => {}, unmark: async () => {} }

type Settings = {
  client: DynamoDBDocumentClient
  /** A client that reads numbers as text. */
  readingText: DynamoDBDocumentClient
  blobs: BlobStore
  objects: ErasedObjects
  clock: Clock
  ids: Ids
  /** The quotas of tenants; none by default. */
  quotasOf?: Ports['quotas']['quotasOf']
}

/** Every port that stores data in the two tables: the cloud adapters over a client. */
export function storedPorts({
  client,
  readingText,
  blobs,
  objects,
  clock,
  ids,
  quotasOf = () => ({}),
}: Settings) {
  const tasks = { client, table: TASKS }
  const registry = { client, table: REGISTRY }
  const ofTasks = taskPorts({ ...tasks, blobs, digest: ids.digest })
  return {
    ...ofTasks,
    ...registryPorts({ ...registry, clock, digest: ids.digest }),
    statistics: dynamodbStatistics({ client: readingText, table: REGISTRY, now: clock.now }),
    breakers: dynamodbBreakers(registry),
    limits: dynamodbLimits({ ...registry, clock }),
    budgets: dynamodbBudgets(tasks),
    queue: dynamodbQueue({ ...tasks, mostOf: (tenant) => quotasOf(tenant).concurrency }),
    quotas: dynamodbQuotas({ ...registry, quotasOf }),
    money: dynamodbMoney({ ...tasks, clock }),
    ledger: dynamodbLedger(tasks),
    sharedState: dynamodbSharedState(tasks),
    deletions: dynamodbDeletions({ ...tasks, objects }),
    retention: dynamodbRetention({
      client,
      table: TASKS,
      tasks: ofTasks.tasks,
      steps: ofTasks.steps,
      registry: REGISTRY,
      blobs: NO_MARKS,
      days: undefined,
    }),
    tenants: dynamodbTenants({ ...registry, tasks: TASKS, objects, digest: ids.digest, clock }),
  } satisfies Partial<Ports>
}
