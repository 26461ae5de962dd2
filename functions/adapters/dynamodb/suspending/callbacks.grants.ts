import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Callbacks } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS

export const callbacksGrants = grantsOf<Callbacks>()({
  methods: { putCallback: [onTasks.put(task)], findCallback: [onTasks.getOf(task)] },
  modes: { make: ['putCallback'], find: ['findCallback'] },
})
