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

/** Key prefixes of the registry's counters: every host may write them, and no other item of the registry. */
export const COUNTER_KEYS = {
  statistics: 'STAT#',
  breaker: 'BREAKER#',
  slots: 'SLOTS#',
  rate: 'RATE#',
} as const
export const COUNTERS = Object.values(COUNTER_KEYS)

/** Key prefixes of the items that a step's host writes: those of its task, and outputs that tasks share. */
export const PROGRESS = ['TASK#', 'CACHE#'] as const

/** The TTL attribute of both tables. */
export const EXPIRY_ATTRIBUTE = 'expiresAt'

/** The prefix of API responses that exceed Lambda's limit, kept for a day; no task has this id. */
export const ANSWERS_PREFIX = 'tasks/answers/'

/** Tags stored values whose task has ended; the bucket's lifecycle rule expires objects with it. */
export const EXPIRY_TAG = { key: 'task', value: 'ended' } as const
