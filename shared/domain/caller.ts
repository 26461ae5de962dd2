/** What a caller may do. A closed set: a route names the one that it needs, and `admin` includes all of them. */
export const SCOPES = [
  'tasks:read',
  'tasks:write',
  'tasks:approve',
  'agents:read',
  'agents:write',
  'workflows:read',
  'workflows:write',
  'keys:write',
  'audit:read',
  'admin',
] as const
export type Scope = (typeof SCOPES)[number]

/** The tenant of every caller until a stage maps roles to tenants. */
export const DEFAULT_TENANT = 'default'

/**
 * The identity behind a request. It is made once, at the entry point, from verified credentials and never from a request's input; every
 * use case that can be reached from outside takes it as its second argument.
 */
export type Caller = {
  /** The tenant whose tasks the caller sees and submits; tasks of other tenants answer 404. */
  readonly tenant: string
  /** The ARN of an IAM role session or user; `local` on the embedded cloud. */
  readonly subject: string
  readonly kind?: 'iam' | 'oidc' | 'key' | 'local'
  readonly scopes: readonly Scope[]
}
