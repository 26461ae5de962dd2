import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Transcripts } from '../../../../shared/ports/transcripts.ts'
import { onTasks } from '../table-actions.grants.ts'

export const transcriptsGrants = grantsOf<Transcripts>()({
  methods: {
    addEntry: [onTasks.update(TASK_PARTITIONS.task)],
    listEntries: [onTasks.queryOf(TASK_PARTITIONS.task)],
  },
  modes: { keep: ['addEntry'], read: ['listEntries'] },
})
