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

/** The scopes that a broader one includes, besides itself. */
const INCLUDED: Readonly<Partial<Record<Scope, readonly Scope[]>>> = {
  'tasks:write': ['tasks:read'],
  // A decision needs what is decided on.
  'tasks:approve': ['tasks:read'],
  'agents:write': ['agents:read'],
  'workflows:write': ['workflows:read'],
  admin: SCOPES,
}

/**
 * Whether a caller may use a route that needs `scope`. What it may see there is another question: tasks and other resources of another tenant
 * are not found, whatever the scopes.
 */
export const mayDo = ({ scopes }: Pick<Caller, 'scopes'>, scope: Scope | 'any'): boolean =>
  scope === 'any' || scopes.some((held) => held === scope || INCLUDED[held]?.includes(scope) === true)

/** The tenant of every caller until a stage maps roles to tenants. */
export const DEFAULT_TENANT = 'default'

/**
 * The identity behind a request. It is made once, at the entry point, from verified credentials and never from a request's input; every
 * use case that can be reached from outside takes it as its second argument.
 */
export type Caller = {
  /** The tenant whose tasks the caller sees and submits; tasks of other tenants answer 404. */
  readonly tenant: string
  /** The ARN of an IAM role session or user; the `sub` of a token; the id of a key; `local` on the embedded cloud. */
  readonly subject: string
  readonly kind: 'iam' | 'oidc' | 'key' | 'local' | 'link'
  readonly scopes: readonly Scope[]
  /** Who vouches for the subject of a token: its `iss`. */
  readonly issuer?: string
}

const ROLE = /^arn:[\w-]+:sts::\d{12}:assumed-role\/([^/]+)\//
const USER = /^arn:[\w-]+:iam::\d{12}:user\/(?:.*\/)?([^/]+)$/

/** What no issuer of tokens may make of a subject: a name of another kind of caller, or of a subject of another issuer. */
const OF_OTHERS = /^(?:arn:|key\/|role\/|user\/|oidc\/|scope\/|link\/|https?:\/\/)/

type Named = Pick<Caller, 'subject' | 'kind'> & { readonly issuer?: string | undefined }

/**
 * By what a workflow may name a caller: the subject of a token, alone or as `<issuer>#<subject>`, `key/<id>`, the ARN of one of IAM, or its `role/<name>` or `user/<name>`. The name of a session is chosen by
 * who begins it, and counts for nothing.
 */
export function namesOf({ subject, kind, issuer }: Named): string[] {
  if (kind === 'key') return [`key/${subject}`]
  if (kind === 'oidc') return OF_OTHERS.test(subject) ? [] : [subject, `${issuer}#${subject}`]
  const [role, user] = [ROLE.exec(subject)?.[1], USER.exec(subject)?.[1]]
  return [
    subject,
    ...(role === undefined ? [] : [`role/${role}`]),
    ...(user === undefined ? [] : [`user/${user}`]),
  ]
}

/** What the names of scopes begin with in a list of approvers: `scope/admin`. */
export const OF_SCOPE = 'scope/'

/** By what a workflow may name all who hold a scope: `scope/<scope>` for each that the caller holds, or that a broader one includes. */
export const scopeNamesOf = (caller: Pick<Caller, 'scopes'>): string[] =>
  SCOPES.filter((scope) => mayDo(caller, scope)).map((scope) => `${OF_SCOPE}${scope}`)

/**
 * What is written down as the name of who has decided or rated something. `said` counts only for the laptop's own user; a subject of a token that looks
 * like another kind of caller is marked as one of a token.
 */
export const nameToKeep = (caller: Named, said: string): string =>
  caller.kind === 'local' ? said : (namesOf(caller)[0] ?? `oidc/${caller.subject}`)
