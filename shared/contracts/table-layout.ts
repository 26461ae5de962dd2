/** Indexes of the two tables: the adapters query them, infra creates them. */
export const TASK_INDEXES = {
  /** All tasks of a tenant with one status, by time. */
  byStatus: { name: 'byStatus', partition: 'statusKey', sort: 'createdKey' },
  /** Sparse: tasks that have not ended, by time. */
  open: { name: 'open', partition: 'openKey', sort: 'createdKey' },
} as const

export const REGISTRY_INDEXES = {
  /** All agents, or all active workflows, by name. */
  byKind: { name: 'byKind', partition: 'kindKey', sort: 'nameKey' },
} as const

/** What the keys of the registry's counters begin with: every host writes them, and nothing else of it. */
export const COUNTER_KEYS = {
  statistics: 'STAT#',
  breaker: 'BREAKER#',
  slots: 'SLOTS#',
  rate: 'RATE#',
} as const
export const COUNTERS = Object.values(COUNTER_KEYS)

/** What the keys of the items begin with that a step's host writes: those of its task, and outputs that tasks share. */
export const PROGRESS = ['TASK#', 'CACHE#'] as const

/** Set on items that age; the tables expire by it. */
export const EXPIRY_ATTRIBUTE = 'expiresAt'

/** Where answers of the API are kept for a day that are too large for a function to give; no task is called so. */
export const ANSWERS_PREFIX = 'tasks/answers/'

/** Set on stored values whose task has ended; the bucket's lifecycle removes them by it. */
export const EXPIRY_TAG = { key: 'task', value: 'ended' } as const
