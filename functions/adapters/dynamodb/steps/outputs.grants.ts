import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Outputs } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

export const outputsGrants = grantsOf<Outputs>()({
  methods: {
    findOutput: [onTasks.getOf(TASK_PARTITIONS.output)],
    keepOutput: [onTasks.update(TASK_PARTITIONS.task, TASK_PARTITIONS.output)],
  },
  modes: { reuse: ['findOutput', 'keepOutput'] },
})
