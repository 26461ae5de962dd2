/** Secondary indexes of the two tables: the adapters query them, infra creates them. */
export const TASK_INDEXES = {
  /** All tasks of a tenant with one status, by creation time. */
  byStatus: { name: 'byStatus', partition: 'statusKey', sort: 'createdKey' },
  /** A sparse index: tasks that have not ended, by creation time. */
  open: { name: 'open', partition: 'openKey', sort: 'createdKey' },
} as const

export const REGISTRY_INDEXES = {
  /** All agents, or all active workflows, by name. */
  byKind: { name: 'byKind', partition: 'kindKey', sort: 'nameKey' },
} as const

/**
 * Keys. What ends with `#` begins a key that goes on with a name; the rest are whole keys. Within a group none begins another, so that
 * no item takes the place of another kind, and no prefix of a query or a grant reaches into one (test/unit/adapters/table-layout.test.ts).
 */

/** Partitions of the table of tasks. */
export const TASK_PARTITIONS = { task: 'TASK#', output: 'CACHE#', queue: 'QUEUE#' } as const

/** Sort keys in the partition of a task. The plan of a later execution adds `#` and its number. */
export const TASK_ITEMS = {
  task: 'META',
  plan: 'PLAN',
  budget: 'BUDGET',
  step: 'STEP#',
  gate: 'GATE#',
  once: 'ONCE#',
  wait: 'WAIT#',
  file: 'FILE#',
  fileCount: 'FILES',
} as const

/** Partition of the index of open tasks. */
export const OPEN_PARTITION = 'OPEN#'

/** Partitions of the same index: what waits for a person, by the time at which it expires. */
export const APPROVALS_PARTITION = 'APPROVALS#'

/** Key prefixes of the registry's counters: every host may write them, and no other item of the registry. */
export const COUNTER_KEYS = {
  statistics: 'STAT#',
  breaker: 'BREAKER#',
  slots: 'SLOTS#',
  rate: 'RATE#',
} as const

/** Kinds of records that are listed: partitions of the index `byKind`. */
export const KINDS = { agent: 'AGENT', workflow: 'WORKFLOW', machine: 'MACHINE' } as const

/** Partitions of the registry. */
export const REGISTRY_PARTITIONS = {
  agent: `${KINDS.agent}#`,
  workflow: `${KINDS.workflow}#`,
  machine: `${KINDS.machine}#`,
  load: 'LOAD#',
  ...COUNTER_KEYS,
} as const

/** Sort keys in the registry. */
export const REGISTRY_ITEMS = {
  record: 'META',
  latest: 'LATEST',
  state: 'STATE',
  version: 'VERSION#',
  content: 'CONTENT#',
  window: 'WINDOW#',
  epoch: 'EPOCH#',
} as const

/** The TTL attribute of both tables. */
export const EXPIRY_ATTRIBUTE = 'expiresAt'

/** The prefix of stored values, each under the id of its task. */
export const VALUES_PREFIX = 'tasks/'

/** The prefix of API responses that exceed Lambda's limit, kept for a day; no task has this id. */
export const ANSWERS_PREFIX = `${VALUES_PREFIX}answers/`

/** Tags stored values whose task has ended; the bucket's lifecycle rule expires objects with it. */
export const EXPIRY_TAG = { key: 'task', value: 'ended' } as const
