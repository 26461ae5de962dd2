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

/** Set on items that age; the tables expire by it. */
export const EXPIRY_ATTRIBUTE = 'expiresAt'
