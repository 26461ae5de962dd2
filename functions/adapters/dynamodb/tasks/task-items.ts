import { type Task, TaskSchema } from '../../../../shared/domain/task.ts'

/** The sort key of the lists of tasks: by creation time, and by id within one instant. */
export const createdKeyOf = ({ createdAt, id }: Task): string => `${createdAt}#${id}`

/** Earlier releases stored metadata as a map. */
export function taskIn({ metadata, ...item }: Record<string, unknown>): Task {
  return TaskSchema.parse({
    ...item,
    metadata: typeof metadata === 'string' ? (JSON.parse(metadata) as unknown) : metadata,
  })
}
