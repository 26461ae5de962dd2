import * as z from 'zod'
import {
  CreateKeySchema,
  KeyRefSchema,
  KeyViewSchema,
  NewKeyViewSchema,
  RevokedKeyViewSchema,
  RotateKeySchema,
} from './key-requests.ts'
import { defineRoute } from './route.ts'

/** The endpoints of API keys. */
export const KEY_ROUTES = {
  createKey: defineRoute({
    id: 'createKey',
    method: 'POST',
    path: '/keys',
    scope: 'keys:write',
    summary: 'Make an API key for the tenant of the caller; it is shown once',
    tag: 'keys',
    input: CreateKeySchema,
    success: { status: 201, description: 'The key', name: 'NewKey', output: NewKeyViewSchema },
    problems: [409],
  }),
  listKeys: defineRoute({
    id: 'listKeys',
    method: 'GET',
    path: '/keys',
    scope: 'keys:write',
    summary: 'The API keys of the tenant, oldest first, without their secrets',
    tag: 'keys',
    input: z.strictObject({}),
    success: {
      status: 200,
      description: 'The keys',
      name: 'KeyList',
      output: z.object({ keys: z.array(KeyViewSchema) }),
    },
  }),
  revokeKey: defineRoute({
    id: 'revokeKey',
    method: 'DELETE',
    path: '/keys/{id}',
    scope: 'keys:write',
    summary: 'Revoke an API key, and what it has made: they are refused within a minute',
    tag: 'keys',
    input: KeyRefSchema,
    from: { path: ['id'] },
    success: { status: 200, description: 'The revoked key', output: RevokedKeyViewSchema },
    problems: [404],
  }),
  rotateKey: defineRoute({
    id: 'rotateKey',
    method: 'POST',
    path: '/keys/{id}/rotate',
    scope: 'keys:write',
    summary: 'Make the successor of an API key; the former one stays valid for a while',
    tag: 'keys',
    input: RotateKeySchema,
    from: { path: ['id'] },
    success: { status: 201, description: 'The successor', name: 'NewKey', output: NewKeyViewSchema },
    problems: [404, 409],
  }),
} as const
