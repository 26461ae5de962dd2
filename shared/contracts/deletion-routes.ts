import { DeletedTaskViewSchema } from './deletion-views.ts'
import { TaskRefSchema } from './requests.ts'
import { defineRoute } from './route.ts'

/** The endpoints by which data is deleted. */
export const DELETION_ROUTES = {
  deleteTask: defineRoute({
    id: 'deleteTask',
    method: 'DELETE',
    path: '/tasks/{id}',
    scope: 'tasks:write',
    summary: 'Delete a task that has ended, with its children and everything that is kept of them',
    tag: 'tasks',
    input: TaskRefSchema,
    from: { path: ['id'] },
    success: {
      status: 202,
      description: 'It is found no more; its data is removed within the next minutes',
      name: 'DeletedTask',
      output: DeletedTaskViewSchema,
    },
    problems: [404, 409],
  }),
} as const
