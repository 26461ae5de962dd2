import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Budgets } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS
/** A change first reads which parts are limited, and caches that per worker. */
const CHANGE = [onTasks.getOf(task), onTasks.update(task)]

export const budgetsGrants = grantsOf<Budgets>()({
  methods: {
    create: [onTasks.put(task)],
    share: [onTasks.put(task)],
    findShare: [onTasks.getOf(task)],
    rootOf: [onTasks.getOf(task)],
    find: [onTasks.getOf(task)],
    reserve: CHANGE,
    settle: CHANGE,
    enlarge: CHANGE,
    shrink: CHANGE,
    raise: CHANGE,
    close: [onTasks.update(task)],
    reopen: [onTasks.update(task)],
  },
  modes: {
    read: ['find', 'findShare', 'rootOf'],
    create: ['create', 'share', 'raise'],
    spend: ['reserve', 'settle', 'enlarge', 'shrink'],
    close: ['close', 'reopen'],
  },
})
