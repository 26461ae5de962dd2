import type { Grant } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import { expiringBlobsGrants } from '../../s3/expiring-blobs.grants.ts'
import { onTasks } from '../table-actions.grants.ts'

/** What is done with all that a task has, where a stage says how long an ended one is kept. */
export const taskExpiryGrants: readonly Grant[] = [
  onTasks.query,
  onTasks.update(TASK_PARTITIONS.task),
  ...expiringBlobsGrants,
].map((grant) => ({ ...grant, when: 'taskRetentionDays' }))
