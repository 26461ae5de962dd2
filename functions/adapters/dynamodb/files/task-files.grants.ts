import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { TaskFiles } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS

export const taskFilesGrants = grantsOf<TaskFiles>()({
  methods: {
    countFile: [onTasks.update(task)],
    addFile: [onTasks.update(task)],
    takeFile: [onTasks.update(task)],
    findFile: [onTasks.getOf(task)],
    listFiles: [onTasks.queryOf(task)],
  },
  modes: { write: ['countFile', 'addFile', 'takeFile', 'findFile'], read: ['findFile', 'listFiles'] },
})
