import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { REGISTRY_PARTITIONS, TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Retention } from '../../../../shared/ports/retention.ts'
import { expiringBlobsGrants } from '../../s3/removal/expiring-blobs.grants.ts'
import { onRegistry, onTasks } from '../table-actions.grants.ts'
import { retentionSetting } from './task-expiry.grants.ts'

const { pass } = REGISTRY_PARTITIONS

/** Also in a stage without `taskRetentionDays`, which may have had some: what has ended then is kept for good again. */
export const retentionGrants = grantsOf<Retention>()({
  methods: {
    findPass: [onRegistry.getOf(pass)],
    savePass: [onRegistry.put(pass)],
    listEnded: [onTasks.scan],
    applyTo: [
      onTasks.getOf(TASK_PARTITIONS.task),
      onTasks.queryOf(TASK_PARTITIONS.task),
      onTasks.update(TASK_PARTITIONS.task),
      ...expiringBlobsGrants,
      ...retentionSetting,
    ],
  },
  modes: { apply: ['findPass', 'savePass', 'listEnded', 'applyTo'] },
})
