import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { SharedState } from '../../../../shared/ports/shared-state.ts'
import { onTasks } from '../table-actions.grants.ts'

const get = onTasks.getOf(TASK_PARTITIONS.task)
const update = onTasks.update(TASK_PARTITIONS.task)

export const sharedStateGrants = grantsOf<SharedState>()({
  methods: {
    findBoard: [get],
    findVersions: [onTasks.getAllOf(TASK_PARTITIONS.task)],
    // A key that has no place is looked up.
    commitVersion: [update, get],
    beginWrite: [update],
    addSnapshot: [update],
    findSnapshot: [get],
  },
  modes: {
    read: ['findBoard', 'findVersions'],
    write: ['commitVersion', 'beginWrite'],
    keep: ['addSnapshot', 'findSnapshot'],
  },
})
