import { nodeIds } from '../../functions/adapters/node-ids.ts'
import { appendNoted } from '../../shared/app/audit/append-noted.ts'
import { REGISTRY_INDEXES, TASK_INDEXES } from '../../shared/contracts/table-layout.ts'
import { seededRandom } from '../../shared/domain/random.ts'
import { PRICES } from '../../shared/estimator/prices.ts'
import type { BlobStore, Clock, Ports } from '../../shared/ports/index.ts'
import { memoryClient } from './client.ts'
import { type GivenFiles, type Held, memoryBlobs, memoryFiles } from './files.ts'
import { REGISTRY, storedPorts, TASKS } from './stored-ports.ts'
import { memoryTable } from './table.ts'

export type Outside = Pick<Ports, 'bus' | 'executions' | 'machines'> &
  Partial<Pick<Ports, 'bell' | 'handlers'>>
type Settings = Outside & {
  clock: Clock
  seed: string
  files?: GivenFiles
  blobs?: BlobStore
  held?: Map<string, Held>
  /** The quotas of tenants; none by default. */
  quotasOf?: Ports['quotas']['quotasOf']
}

/** Messages to agents are stored, and nobody brings them. */
const NO_DELIVERY: Pick<Ports, 'bell' | 'handlers'> = {
  bell: { ring: async () => {} },
  handlers: { callHandler: async () => ({ handled: true }) },
}

/** A test deletes nothing: what it has made goes with it. */
const NO_OBJECTS = { removeAll: async () => true }

/** All ports of the use cases: the cloud adapters over in-memory tables. The same seed gives the same ids. */
export function memoryPorts({
  clock,
  seed,
  files = {},
  blobs = memoryBlobs(),
  held,
  quotasOf,
  ...outside
}: Settings) {
  const tasksTable = memoryTable(Object.values(TASK_INDEXES))
  const tables = { [TASKS]: tasksTable, [REGISTRY]: memoryTable(Object.values(REGISTRY_INDEXES)) }
  const client = memoryClient(tables)
  const readingText = memoryClient(tables, { unmarshallOptions: { wrapNumbers: (value) => value } })
  const random = seededRandom(`ids of ${seed}`)
  const ids = nodeIds(clock, (size) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256)))
  const ports: Ports = {
    ...NO_DELIVERY,
    ...outside,
    clock,
    ids,
    prices: PRICES,
    ...storedPorts({
      client,
      readingText,
      blobs,
      objects: NO_OBJECTS,
      clock,
      ids,
      ...(quotasOf ? { quotasOf } : {}),
    }),
    auditWriter: { appendFor: (tenant) => appendNoted(ports)({ tenant }).then(() => true) },
    files: memoryFiles(files, ids, held),
  }
  return { ports, tasksTable }
}
