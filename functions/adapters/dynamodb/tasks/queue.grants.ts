import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Queue } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { queue } = TASK_PARTITIONS

/**
 * Granted only in a stage with `tenantConcurrency`. Without it no task is queued, and tasks that an earlier limit had
 * queued are started without the queue.
 */
export const queueGrants = grantsOf<Queue>()({
  methods: {
    mostOf: [],
    add: [onTasks.put(queue)],
    remove: [onTasks.delete(queue)],
    first: [onTasks.queryOf(queue)],
    countBefore: [onTasks.queryOf(queue)],
  },
  modes: {
    know: ['mostOf'],
    add: { methods: ['add'], when: 'tenantConcurrency' },
    next: { methods: ['first', 'remove'], when: 'tenantConcurrency' },
    look: { methods: ['countBefore'], when: 'tenantConcurrency' },
  },
})
