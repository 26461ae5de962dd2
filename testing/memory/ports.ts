import { dynamodbBreakers } from '../../functions/adapters/dynamodb/counters/breakers.ts'
import { dynamodbLimits } from '../../functions/adapters/dynamodb/counters/limits.ts'
import { dynamodbStatistics } from '../../functions/adapters/dynamodb/counters/statistics.ts'
import { dynamodbLedger } from '../../functions/adapters/dynamodb/steps/ledger.ts'
import { dynamodbBudgets } from '../../functions/adapters/dynamodb/tasks/budgets.ts'
import { dynamodbQueue } from '../../functions/adapters/dynamodb/tasks/queue.ts'
import { nodeIds } from '../../functions/adapters/node-ids.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { PRICES } from '../../shared/estimator/prices.ts'
import type { BlobStore, Clock, Ports } from '../../shared/ports/index.ts'
import { memoryClient } from './client.ts'
import { type GivenFiles, memoryBlobs, memoryFiles } from './files.ts'
import { registryPorts } from './registry-ports.ts'
import { memoryTable } from './table.ts'
import { taskPorts } from './task-ports.ts'

export type Outside = Pick<Ports, 'bus' | 'executions' | 'machines'>
type Settings = Outside & { clock: Clock; seed: string; files?: GivenFiles; blobs?: BlobStore }

/** The table names that adapters and compiled definitions use. */
export const TASKS = 'tasks'
const REGISTRY = 'registry'

/** All ports of the use cases: the cloud adapters over in-memory tables. The same seed gives the same ids. */
export function memoryPorts({ clock, seed, files = {}, blobs = memoryBlobs(), ...outside }: Settings) {
  const tasksTable = memoryTable(Object.values(TASK_INDEXES))
  const tables = { [TASKS]: tasksTable, [REGISTRY]: memoryTable(Object.values(REGISTRY_INDEXES)) }
  const client = memoryClient(tables)
  const readingText = memoryClient(tables, { unmarshallOptions: { wrapNumbers: (value) => value } })
  const random = seededRandom(`ids of ${seed}`)
  const ids = nodeIds(clock, (size) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256)))
  const tasks = { client, table: TASKS }
  const registry = { client, table: REGISTRY }
  const ports: Ports = {
    ...outside,
    clock,
    ids,
    prices: PRICES,
    ...taskPorts({ ...tasks, blobs, digest: ids.digest }),
    ...registryPorts({ ...registry, clock }),
    statistics: dynamodbStatistics({ client: readingText, table: REGISTRY, now: clock.now }),
    breakers: dynamodbBreakers(registry),
    limits: dynamodbLimits({ ...registry, clock }),
    budgets: dynamodbBudgets(tasks),
    queue: dynamodbQueue({ ...tasks, most: undefined }),
    ledger: dynamodbLedger(tasks),
    files: memoryFiles(files, ids),
  }
  return { ports, tasksTable }
}
