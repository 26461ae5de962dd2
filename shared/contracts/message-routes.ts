import * as z from 'zod'
import { ListMessagesSchema, MessageViewSchema, PostMessageSchema } from './message-views.ts'
import { defineRoute } from './route.ts'
import { CursorSchema } from './views.ts'

/** The endpoints of messages. */
export const MESSAGE_ROUTES = {
  postMessage: defineRoute({
    id: 'postMessage',
    method: 'POST',
    path: '/tasks/{id}/messages',
    scope: 'tasks:write',
    summary: 'Send a message to a step of a task; it is kept for one that does not wait yet',
    tag: 'tasks',
    input: PostMessageSchema,
    from: { path: ['id'], headers: { idempotencyKey: 'idempotency-key' } },
    success: {
      status: 202,
      description: 'What was stored, a message for each recipient',
      name: 'SentMessages',
      output: z.object({ messages: z.array(MessageViewSchema) }),
    },
    problems: [404, 409, 413, 415],
  }),
  listMessages: defineRoute({
    id: 'listMessages',
    method: 'GET',
    path: '/tasks/{id}/messages',
    scope: 'tasks:read',
    summary: 'The messages of a task, by recipient and sender, in the order in which they were sent',
    tag: 'tasks',
    input: ListMessagesSchema,
    from: { path: ['id'], query: ['to', 'from', 'status', 'limit', 'cursor'] },
    success: {
      status: 200,
      description:
        'A page of messages; with a filter it may have fewer than its limit although more pages follow',
      name: 'MessageList',
      output: z.object({ messages: z.array(MessageViewSchema), cursor: CursorSchema }),
    },
    problems: [404],
  }),
} as const
