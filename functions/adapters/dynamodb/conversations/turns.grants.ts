import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Turns } from '../../../../shared/ports/turns.ts'
import { onTasks } from '../table-actions.grants.ts'

export const turnsGrants = grantsOf<Turns>()({
  methods: {
    listTurns: [onTasks.getAllOf(TASK_PARTITIONS.task)],
    addTurn: [onTasks.update(TASK_PARTITIONS.task)],
  },
  modes: { keep: ['listTurns', 'addTurn'] },
})
