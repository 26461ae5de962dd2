import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Gates } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

export const gatesGrants = grantsOf<Gates>()({
  methods: { passGate: [onTasks.update(TASK_PARTITIONS.task)] },
  modes: { pass: ['passGate'] },
})
