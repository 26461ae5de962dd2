import { defineRoute } from './route.ts'
import {
  ListStateHistorySchema,
  MakeSnapshotSchema,
  PutStateSchema,
  RestoredSchema,
  RestoreStateSchema,
  SnapshotViewSchema,
  StateHistorySchema,
  StateKeyRefSchema,
  StateRefSchema,
  StateVersionViewSchema,
  StateViewSchema,
} from './state-views.ts'

const read = { method: 'GET', scope: 'tasks:read', tag: 'tasks' } as const
const write = { scope: 'tasks:write', tag: 'tasks' } as const

/** The endpoints of the shared state of tasks. */
export const STATE_ROUTES = {
  getTaskState: defineRoute({
    ...read,
    id: 'getTaskState',
    path: '/tasks/{id}/state',
    summary: 'The shared state of a task: the newest version of each key, with its value',
    input: StateRefSchema,
    from: { path: ['id'] },
    success: { status: 200, description: 'The state', name: 'State', output: StateViewSchema },
    problems: [404],
  }),
  getTaskStateKey: defineRoute({
    ...read,
    id: 'getTaskStateKey',
    path: '/tasks/{id}/state/{key}',
    summary: 'The newest version of a key of the shared state, or another one',
    input: StateKeyRefSchema,
    from: { path: ['id', 'key'], query: ['version'] },
    success: {
      status: 200,
      description: 'The version',
      name: 'StateVersion',
      output: StateVersionViewSchema,
    },
    problems: [404],
  }),
  listTaskStateHistory: defineRoute({
    ...read,
    id: 'listTaskStateHistory',
    path: '/tasks/{id}/state/{key}/history',
    summary: 'The versions of a key of the shared state, the newest first',
    input: ListStateHistorySchema,
    from: { path: ['id', 'key'], query: ['before', 'limit'] },
    success: {
      status: 200,
      description: 'A page of versions',
      name: 'StateHistory',
      output: StateHistorySchema,
    },
    problems: [404],
  }),
  putTaskStateKey: defineRoute({
    ...write,
    id: 'putTaskStateKey',
    method: 'PUT',
    path: '/tasks/{id}/state/{key}',
    summary: 'Write a value into the shared state of a task that runs',
    input: PutStateSchema,
    from: { path: ['id', 'key'], headers: { ifMatch: 'if-match' } },
    success: {
      status: 200,
      description: 'The new version',
      name: 'StateVersion',
      output: StateVersionViewSchema,
    },
    problems: [404, 409, 413, 415],
  }),
  makeStateSnapshot: defineRoute({
    ...write,
    id: 'makeStateSnapshot',
    method: 'POST',
    path: '/tasks/{id}/state/snapshots',
    summary: 'Keep which version each key of the shared state has now, to restore it later',
    input: MakeSnapshotSchema,
    from: { path: ['id'] },
    success: { status: 201, description: 'The snapshot', name: 'StateSnapshot', output: SnapshotViewSchema },
    problems: [404, 409],
  }),
  restoreTaskState: defineRoute({
    ...write,
    id: 'restoreTaskState',
    method: 'POST',
    path: '/tasks/{id}/state/restore',
    summary: 'Put the shared state of a task that runs back to a time or a snapshot, as new versions',
    input: RestoreStateSchema,
    from: { path: ['id'] },
    success: { status: 200, description: 'What was changed', name: 'RestoredState', output: RestoredSchema },
    problems: [404, 409, 413, 415],
  }),
} as const
