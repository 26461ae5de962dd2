import { grantsOf } from '../../../../shared/contracts/grants.ts'
import { TASK_PARTITIONS } from '../../../../shared/contracts/table-layout.ts'
import type { Links } from '../../../../shared/ports/index.ts'
import { onTasks } from '../table-actions.grants.ts'

const { task } = TASK_PARTITIONS

export const linksGrants = grantsOf<Links>()({
  methods: {
    addLink: [onTasks.put(task)],
    findLink: [onTasks.getOf(task)],
    listLinks: [onTasks.queryOf(task)],
    useLink: [onTasks.update(task)],
    revokeLink: [onTasks.update(task)],
  },
  modes: {
    manage: ['addLink', 'findLink', 'listLinks', 'revokeLink'],
    use: ['findLink', 'useLink'],
  },
})
