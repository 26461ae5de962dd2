/**
 * The IAM actions that each method of an adapter needs, declared beside the adapter (`*.grants.ts`, without an SDK).
 * `functions/catalogue.ts` lists the ports and modes of each function, and infra derives the IAM statements from both.
 */
type Service =
  | 'bedrock'
  | 'dynamodb'
  | 'events'
  | 'iam'
  | 'kms'
  | 'lambda'
  | 'logs'
  | 's3'
  | 'secretsmanager'
  | 'sqs'
  | 'states'
export type Action = `${Service}:${string}`

/** The resource of an action; infra fills in the ARN. */
export type Resource =
  /**
   * Items of a table, or of one of its indexes; with `keys`, only those whose partition key begins with one of them, and with `only` those
   * whose whole partition key is like one of them (`*` stands for any characters).
   */
  | {
      readonly kind: 'table'
      readonly table: 'tasks' | 'registry'
      readonly index?: string
      readonly keys?: readonly string[]
      readonly only?: readonly string[]
    }
  /** The objects of the bucket whose key begins with `prefix`, or the listing of them. */
  | { readonly kind: 'objects' | 'listing'; readonly prefix: string }
  /** All of ours. `machine-role` is the one role that our state machines run with. */
  | { readonly kind: 'bus' | 'machines' | 'executions' | 'machine-role' | 'function-logs' }
  /** The models of Bedrock that the function's agent needs. */
  | { readonly kind: 'models' }
  /** The secrets with the API keys of other models that it needs. */
  | { readonly kind: 'model-secrets' }
  /** Anchors of the audit: the objects, the listing of their versions, the key that signs them. */
  | { readonly kind: 'anchors' | 'anchor-listing' | 'anchor-key' }
  /** The queue that tells of messages to agents; the functions of agents. */
  | { readonly kind: 'messages-queue' | 'agent-functions' }
  /** The function that appends to the audit. */
  | { readonly kind: 'audit-writer' }
  /** The function that is granted something. */
  | { readonly kind: 'itself' }

/** Optional settings of a stage that some methods depend on; quotas are settings of some tenant. */
export type StageSetting =
  | 'tenantConcurrency'
  | 'tenantQuotas'
  | 'tenantMoney'
  | 'taskRetentionDays'
  | 'auditAnchorDays'

/** `when`: granted only in a stage with this setting. */
export type Grant = {
  readonly actions: readonly Action[]
  readonly on: Resource
  readonly when?: StageSetting
}

/** The methods that a function calls in this mode; with `when`, it calls them only in a stage with that setting. */
export type Mode<Method extends string = string> =
  | readonly Method[]
  | { readonly methods: readonly Method[]; readonly when: StageSetting }

export type PortGrants<Method extends string = string, Name extends string = string> = {
  readonly methods: Readonly<Record<Method, readonly Grant[]>>
  readonly modes: Readonly<Record<Name, Mode<Method>>>
}

type MethodOf<Port> = {
  [K in keyof Port]: Port[K] extends (...args: never) => unknown ? K : never
}[keyof Port] &
  string

/** Declares the grants of a port; a missing method is a type error. */
export const grantsOf =
  <Port>() =>
  <const Name extends string>(grants: PortGrants<MethodOf<Port>, Name>): PortGrants<MethodOf<Port>, Name> =>
    grants

/** All grants of some modes of a port, with the setting that each depends on. */
export function grantsOfModes({ methods, modes }: PortGrants, names: readonly string[]): readonly Grant[] {
  return names.flatMap((name) => {
    const mode = modes[name] ?? []
    const { methods: called, when } = 'methods' in mode ? mode : { methods: mode, when: undefined }
    const grants = called.flatMap((method) => methods[method] ?? [])
    return when === undefined ? grants : grants.map((grant) => ({ ...grant, when }))
  })
}
