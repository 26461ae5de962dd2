import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Waits } from '../../../../shared/ports/index.ts'
import { onTasks, openTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS

export const waitsGrants = grantsOf<Waits>()({
  methods: {
    addWait: [onTasks.put(task)],
    removeWait: [onTasks.delete(task)],
    hasWaits: [onTasks.queryOf(task)],
    findWaitsInside: [onTasks.queryOf(task)],
    clearWaits: [onTasks.queryOf(task), onTasks.delete(task)],
    listApprovals: [openTasks],
  },
  modes: {
    wait: ['addWait', 'removeWait', 'hasWaits', 'findWaitsInside'],
    list: ['listApprovals', 'removeWait', 'hasWaits'],
    clear: ['clearWaits'],
    /** For waits that somebody else has begun. */
    end: ['removeWait', 'hasWaits'],
  },
})
