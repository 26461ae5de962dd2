import { EXPIRY_ATTRIBUTE } from '../../../../shared/contracts/table-layout.ts'
import { type DeletedTask, DeletedTaskSchema } from '../../../../shared/domain/deleted-task.ts'
import { deletedKey, shardOf, taskItemKey } from '../keys.ts'

type Item = Record<string, unknown>

/** The status of a mark: no task has it, so that no write of a task applies to one. */
const DELETED = 'deleted'

/** Whether what stands in the place of a task's record says that it was deleted. */
export const isMark = ({ status }: Item): boolean => status === DELETED

/** The mark of a task whose data is being removed: in the index of open tasks, in a partition of its own. */
export const markOf = (task: DeletedTask): Item => ({
  ...taskItemKey(task.id),
  status: DELETED,
  mark: task,
  openKey: deletedKey(shardOf(task.id)),
  createdKey: `${task.due}#${task.id}`,
})

/** The mark of a task of which nothing else is left. */
export const closedMark = ({ id, deletedAt }: DeletedTask, until: string): Item => ({
  ...taskItemKey(id),
  status: DELETED,
  deletedAt,
  [EXPIRY_ATTRIBUTE]: Math.ceil(Date.parse(until) / 1_000),
})

export const deletedIn = ({ mark }: Item): DeletedTask => DeletedTaskSchema.parse(mark)
