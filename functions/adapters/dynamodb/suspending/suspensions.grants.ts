import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Suspensions } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS
const READ = [onTasks.getOf(task)]

export const suspensionsGrants = grantsOf<Suspensions>()({
  methods: {
    wake: [onTasks.update(task), ...READ],
    findWoken: READ,
    hear: [onTasks.update(task)],
    listWoken: [onTasks.queryOf(task)],
  },
  modes: {
    wake: ['wake', 'findWoken'],
    hear: ['hear'],
    sweep: ['listWoken'],
  },
})
