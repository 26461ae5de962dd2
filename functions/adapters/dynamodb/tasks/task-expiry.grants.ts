import type { Grant } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import { expiringBlobsGrants } from '../../s3/removal/expiring-blobs.grants.ts'
import { onTasks } from '../table-actions.grants.ts'

/** Passes the setting to a function whose other grants do not depend on it. */
export const retentionSetting: readonly Grant[] = [
  { ...onTasks.queryOf(TASK_PARTITIONS.task), when: 'taskRetentionDays' },
]

/** The grants for setting and removing the expiry of a task's items and values, in a stage with `taskRetentionDays`. */
export const taskExpiryGrants: readonly Grant[] = [
  onTasks.queryOf(TASK_PARTITIONS.task),
  onTasks.update(TASK_PARTITIONS.task),
  ...expiringBlobsGrants,
].map((grant) => ({ ...grant, when: 'taskRetentionDays' }))
