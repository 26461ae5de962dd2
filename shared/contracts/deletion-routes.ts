import {
  DeletedTaskViewSchema,
  DeleteTenantSchema,
  TenantRefSchema,
  TenantViewSchema,
} from './deletion-views.ts'
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
  getTenant: defineRoute({
    id: 'getTenant',
    method: 'GET',
    path: '/tenants/{name}',
    scope: 'tasks:read',
    summary: 'A tenant, and how far its deletion is',
    tag: 'tenants',
    input: TenantRefSchema,
    from: { path: ['name'] },
    success: { status: 200, description: 'The tenant', name: 'Tenant', output: TenantViewSchema },
    problems: [404],
  }),
  deleteTenant: defineRoute({
    id: 'deleteTenant',
    method: 'DELETE',
    path: '/tenants/{name}',
    scope: 'admin',
    summary: 'Delete a tenant with everything that it has; only digests of its audit stay',
    tag: 'tenants',
    input: DeleteTenantSchema,
    from: { path: ['name'], query: ['confirm'] },
    success: {
      status: 202,
      description: 'The deletion has begun; it takes half an hour at least',
      name: 'Tenant',
      output: TenantViewSchema,
    },
    problems: [404, 409],
  }),
} as const
