/**
 * What an adapter asks AWS for, method by method. It stands beside the adapter (`*.grants.ts`, without an SDK), `functions/catalogue.ts` says
 * which modes of a port a function uses, and infra makes statements of IAM from both.
 */
type Service = 'dynamodb' | 'events' | 'iam' | 'lambda' | 'logs' | 's3' | 'states'
export type Action = `${Service}:${string}`

/** What an action is on. infra knows the ARN. */
export type Resource =
  /** Items of a table, or of an index of it; with `keys`, those alone whose partition key begins with one of them. */
  | {
      readonly kind: 'table'
      readonly table: 'tasks' | 'registry'
      readonly index?: string
      readonly keys?: readonly string[]
    }
  /** Objects of the bucket whose key begins with `prefix`, and the list of them. */
  | { readonly kind: 'objects' | 'listing'; readonly prefix: string }
  /** All of ours. `machine-role` is the one role that our state machines run with. */
  | { readonly kind: 'bus' | 'machines' | 'executions' | 'machine-role' | 'function-logs' }
  /** The function that is granted something. */
  | { readonly kind: 'itself' }

/** Settings of a stage without which an adapter leaves something undone. */
export type StageSetting = 'tenantConcurrency' | 'taskRetentionDays'

/** `when`: granted only in a stage with this setting. */
export type Grant = {
  readonly actions: readonly Action[]
  readonly on: Resource
  readonly when?: StageSetting
}

/** The methods that a function calls in this mode, or, with `when`, calls only in a stage with that setting. */
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

/** The grants of a port: a method that is missing is a type error. */
export const grantsOf =
  <Port>() =>
  <const Name extends string>(grants: PortGrants<MethodOf<Port>, Name>): PortGrants<MethodOf<Port>, Name> =>
    grants

/** All grants of some modes of a port, with what each of them depends on. */
export function grantsOfModes({ methods, modes }: PortGrants, names: readonly string[]): readonly Grant[] {
  return names.flatMap((name) => {
    const mode = modes[name] ?? []
    const { methods: called, when } = 'methods' in mode ? mode : { methods: mode, when: undefined }
    const grants = called.flatMap((method) => methods[method] ?? [])
    return when === undefined ? grants : grants.map((grant) => ({ ...grant, when }))
  })
}
