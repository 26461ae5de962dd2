import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Queue } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { queue } = TASK_PARTITIONS

/** Without a limit of the stage no task waits, and nothing of it is called: tasks that an earlier limit has queued are started at once. */
export const queueGrants = grantsOf<Queue>()({
  methods: {
    add: [onTasks.put(queue)],
    remove: [onTasks.delete(queue)],
    first: [onTasks.query],
    countBefore: [onTasks.query],
  },
  modes: {
    add: { methods: ['add'], when: 'tenantConcurrency' },
    next: { methods: ['first', 'remove'], when: 'tenantConcurrency' },
    look: { methods: ['countBefore'], when: 'tenantConcurrency' },
  },
})
