import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Tasks } from '../../../../shared/ports/index.ts'
import { onTasks, openTasks, tasksByStatus } from '../table-actions.grants.ts'
import { taskExpiryGrants } from './task-expiry.grants.ts'

const { task } = TASK_PARTITIONS

export const tasksGrants = grantsOf<Tasks>()({
  methods: {
    createTask: [onTasks.put(task)],
    findTask: [onTasks.getOf(task)],
    isDeleted: [onTasks.getOf(task)],
    beginTask: [onTasks.put(task)],
    setWaiting: [onTasks.update(task)],
    markWatched: [onTasks.update(task)],
    endTask: [onTasks.put(task)],
    settleTask: [onTasks.getOf(task), ...taskExpiryGrants],
    reopenTask: [onTasks.put(task), onTasks.getOf(task), ...taskExpiryGrants],
    listTasks: [tasksByStatus],
    listOpenTasks: [openTasks],
  },
  modes: {
    read: ['findTask'],
    list: ['listTasks'],
    sweep: ['listOpenTasks'],
    submit: ['createTask', 'beginTask'],
    deleted: ['isDeleted'],
    end: ['beginTask', 'endTask', 'settleTask'],
    reopen: ['reopenTask'],
    wait: ['setWaiting'],
    watch: ['markWatched'],
  },
})
