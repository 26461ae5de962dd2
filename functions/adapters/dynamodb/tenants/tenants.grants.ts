import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS, TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Tenants } from '../../../../shared/ports/tenants.ts'
import { erasedTenantsGrants } from '../../s3/removal/erased-objects.grants.ts'
import { listedRecords, onRegistry, onTasks } from '../table-actions.grants.ts'

/** The chains of the audit are not among what may be removed. */
const {
  audit: _audit,
  noted: _noted,
  chains: _chains,
  pass: _pass,
  deletion,
  machine: _machine,
  ...removable
} = REGISTRY_PARTITIONS

export const tenantsGrants = grantsOf<Tenants>()({
  methods: {
    findDeletion: [onRegistry.getOf(deletion)],
    beginDeletion: [onRegistry.put(deletion)],
    listDeletions: [listedRecords],
    saveDeletion: [onRegistry.put(deletion)],
    endDeletion: [onRegistry.put(deletion)],
    listRecords: [onRegistry.scan],
    removeRecords: [onRegistry.delete(...Object.values(removable))],
    eraseFiles: [
      ...erasedTenantsGrants,
      onTasks.queryOf(TASK_PARTITIONS.queue, TASK_PARTITIONS.money),
      onTasks.delete(TASK_PARTITIONS.queue, TASK_PARTITIONS.money),
    ],
  },
  modes: {
    look: ['findDeletion'],
    begin: ['beginDeletion'],
    erase: ['listDeletions', 'saveDeletion', 'endDeletion', 'listRecords', 'removeRecords', 'eraseFiles'],
  },
})
