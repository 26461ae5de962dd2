import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS, VALUES_PREFIX } from '../../../../shared/contracts/table-layout.ts'
import { TASK_FILES_PREFIX } from '../../../../shared/domain/file-reference.ts'
import type { Deletions } from '../../../../shared/ports/deletions.ts'
import { erasedObjectsGrants } from '../../s3/erased-objects.grants.ts'
import { onTasks, openTasks } from '../table-actions.grants.ts'

const { task, output } = TASK_PARTITIONS

export const deletionsGrants = grantsOf<Deletions>()({
  methods: {
    markDeleted: [onTasks.put(task)],
    listDeleted: [openTasks],
    hasDeleted: [openTasks],
    eraseTask: [
      onTasks.query,
      onTasks.delete(task, output),
      ...erasedObjectsGrants(VALUES_PREFIX, TASK_FILES_PREFIX),
    ],
    passOn: [onTasks.put(task)],
    closeMark: [onTasks.put(task)],
  },
  modes: {
    mark: ['markDeleted'],
    erase: ['listDeleted', 'eraseTask', 'passOn', 'closeMark'],
    look: ['hasDeleted'],
  },
})
