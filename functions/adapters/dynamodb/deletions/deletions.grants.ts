import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Deletions } from '../../../../shared/ports/deletions.ts'
import { erasedTasksGrants } from '../../s3/removal/erased-objects.grants.ts'
import { onTasks, openTasks } from '../table-actions.grants.ts'

const { task, output } = TASK_PARTITIONS

export const deletionsGrants = grantsOf<Deletions>()({
  methods: {
    markDeleted: [onTasks.put(task)],
    listDeleted: [openTasks],
    hasDeleted: [openTasks],
    eraseTask: [onTasks.queryOf(task), onTasks.delete(task, output), ...erasedTasksGrants],
    passOn: [onTasks.put(task)],
    closeMark: [onTasks.put(task)],
  },
  modes: {
    mark: ['markDeleted'],
    erase: ['listDeleted', 'eraseTask', 'passOn', 'closeMark'],
    look: ['hasDeleted'],
  },
})
