import * as z from 'zod'
import { CreateLinkSchema, LinkRefSchema, LinkViewSchema, NewLinkViewSchema } from './link-requests.ts'
import { TaskRefSchema } from './requests.ts'
import { defineRoute } from './route.ts'

/** The endpoints by which links are made; how they are opened is in `link-requests.ts`. */
export const LINK_ROUTES = {
  createLink: defineRoute({
    id: 'createLink',
    method: 'POST',
    path: '/tasks/{id}/links',
    scope: 'tasks:approve',
    summary: 'Make a link by which a person without an account answers one approval, or reads the result',
    tag: 'tasks',
    input: CreateLinkSchema,
    from: { path: ['id'] },
    success: { status: 201, description: 'The link', name: 'NewLink', output: NewLinkViewSchema },
    problems: [404, 409],
  }),
  listLinks: defineRoute({
    id: 'listLinks',
    method: 'GET',
    path: '/tasks/{id}/links',
    scope: 'tasks:read',
    summary: 'The links of a task, oldest first, without their secrets',
    tag: 'tasks',
    input: TaskRefSchema,
    from: { path: ['id'] },
    success: {
      status: 200,
      description: 'The links',
      name: 'LinkList',
      output: z.object({ links: z.array(LinkViewSchema) }),
    },
    problems: [404],
  }),
  revokeLink: defineRoute({
    id: 'revokeLink',
    method: 'DELETE',
    path: '/tasks/{id}/links/{linkId}',
    scope: 'tasks:approve',
    summary: 'Revoke a link that was not used',
    tag: 'tasks',
    input: LinkRefSchema,
    from: { path: ['id', 'linkId'] },
    success: { status: 200, description: 'The revoked link', name: 'Link', output: LinkViewSchema },
    problems: [404, 409],
  }),
} as const
