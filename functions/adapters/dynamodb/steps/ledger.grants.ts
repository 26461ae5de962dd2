import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Ledger } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const update = onTasks.update(TASK_PARTITIONS.task)

export const ledgerGrants = grantsOf<Ledger>()({
  // After a refused claim the existing entry is read.
  methods: { claim: [update, onTasks.getOf(TASK_PARTITIONS.task)], complete: [update] },
  modes: { record: ['claim', 'complete'] },
})
