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
 * Keys. A key that ends with `#` is a prefix, followed by a name; the others are complete. Within a group no key is a
 * prefix of another, so that different kinds of items cannot collide, and a query or grant by prefix covers one kind
 * only (test/unit/adapters/table-layout.test.ts).
 */

/** Partitions of the table of tasks. */
export const TASK_PARTITIONS = { task: 'TASK#', output: 'CACHE#', queue: 'QUEUE#', money: 'MONEY#' } as const

/** Sort keys in the partition of a task. The plan of a later execution adds `#` and its number. */
export const TASK_ITEMS = {
  task: 'META',
  plan: 'PLAN',
  budget: 'BUDGET',
  step: 'STEP#',
  gate: 'GATE#',
  once: 'ONCE#',
  turn: 'TURN#',
  transcript: 'CALL#',
  wait: 'WAIT#',
  wake: 'WAKE#',
  callback: 'CALLBACK#',
  link: 'LINK#',
  /** A message behind its recipient, its sender and its number; where it is, by its id; and the steps that wait for one. */
  message: 'MESSAGE#',
  sent: 'SENT#',
  listener: 'LISTEN#',
  /** A version of a key of the shared state. */
  state: 'STATE#',
  /** The newest version of each key. */
  board: 'BOARD',
  /** A write of the shared state that is made once. */
  stateWrite: 'WRITE#',
  snapshot: 'SNAPSHOT#',
  file: 'FILE#',
  /** Names an output of the task that is cached for others. */
  kept: 'KEPT#',
  fileCount: 'FILES',
} as const

/** Partition of the index of open tasks. */
export const OPEN_PARTITION = 'OPEN#'

/** Partitions of the same index for open approvals, sorted by expiry. */
export const APPROVALS_PARTITION = 'APPROVALS#'

/** Partitions of the same index for messages with which something is to be done, by the time at which they were sent. */
export const MESSAGES_PARTITION = 'MESSAGES#'

/** Partitions of the same index for deleted tasks whose data is being removed, sorted by when they are due. */
export const DELETED_PARTITION = 'DELETED#'

/** Key prefixes of the registry's counters, the only items of the registry that every host may write. */
export const COUNTER_KEYS = {
  statistics: 'STAT#',
  breaker: 'BREAKER#',
  slots: 'SLOTS#',
  rate: 'RATE#',
} as const

/** Kinds of records with lists, which are the partitions of the index `byKind`. */
export const KINDS = {
  agent: 'AGENT',
  workflow: 'WORKFLOW',
  machine: 'MACHINE',
  deletion: 'DELETION',
} as const

/** Partitions of the registry. */
export const REGISTRY_PARTITIONS = {
  agent: `${KINDS.agent}#`,
  workflow: `${KINDS.workflow}#`,
  machine: `${KINDS.machine}#`,
  /** The deletion of a tenant, under a digest of its name. */
  deletion: `${KINDS.deletion}#`,
  /** How far a pass over a table is. */
  pass: 'PASS#',
  load: 'LOAD#',
  /** A key under its id, and the ids of a tenant's keys under its name. */
  apiKey: 'APIKEY#',
  keysOf: 'KEYSOF#',
  usage: 'USAGE#',
  /** What a tenant has used of its quotas in a minute, and in a day. */
  quota: 'QUOTA#',
  /** The chain of a tenant's audit entries. */
  audit: 'AUDIT#',
  /** Audited calls that are in no chain yet. */
  noted: 'NOTED#',
  /** The tenants that have a chain. */
  chains: 'CHAINS#',
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
  day: 'DAY#',
  minute: 'MINUTE#',
  epoch: 'EPOCH#',
  entry: 'ENTRY#',
  call: 'CALL#',
  refused: 'REFUSED#',
} as const

/** The TTL attribute of both tables. */
export const EXPIRY_ATTRIBUTE = 'expiresAt'

/** The prefix of stored values, each under the id of its task. */
export const VALUES_PREFIX = 'tasks/'

/** The prefix of API responses that exceed Lambda's limit, kept for a day; no task has this id. */
export const ANSWERS_PREFIX = `${VALUES_PREFIX}answers/`

/** Tags stored values whose task has ended; the bucket's lifecycle rule expires objects with it. */
export const EXPIRY_TAG = { key: 'task', value: 'ended' } as const
