/** The subset of Amazon States Language (JSONata) that the compiler emits, as plain data. */
export type Expression = string

export type Retrier = {
  ErrorEquals: string[]
  /** 1 by default. */
  IntervalSeconds?: number
  MaxAttempts: number
  /** 2 by default. */
  BackoffRate?: number
  MaxDelaySeconds?: number
  JitterStrategy?: 'FULL' | 'NONE'
}

/** Without `Output`, the output is the error, `{Error, Cause}`. */
export type Catcher = { ErrorEquals: string[]; Output?: unknown; Next: string }

/** A state has exactly one of `Next` and `End`. */
export type Onward = { Next: string } | { End: true }

export type TaskState = {
  Type: 'Task'
  Comment?: string
  Resource: string
  Arguments: Record<string, unknown>
  Output: unknown
  /** Variables that later states read. */
  Assign?: Record<string, Expression>
  TimeoutSeconds: number | Expression
  HeartbeatSeconds?: Expression
  Retry: Retrier[]
  Catch?: Catcher[]
} & Onward

export type ChoiceState = {
  Type: 'Choice'
  Choices: { Condition: Expression; Next: string }[]
  Default: string
}
export type WaitState = { Type: 'Wait'; Seconds: Expression | number } & Onward
/** A Pass state that only assigns variables for later states. */
export type PassState = { Type: 'Pass'; Assign: Record<string, Expression>; Output: unknown } & Onward
export type SucceedState = { Type: 'Succeed'; Output?: unknown }
export type ParallelState = {
  Type: 'Parallel'
  Branches: Flow[]
  Output: unknown
  Catch?: Catcher[]
} & Onward

export type MapState = {
  Type: 'Map'
  Items: Expression
  MaxConcurrency: Expression | number
  /** The input of each iteration; for a distributed Map it is all that the item's execution knows. */
  ItemSelector?: Record<string, Expression>
  ItemProcessor: Flow & {
    ProcessorConfig: { Mode: 'INLINE' } | { Mode: 'DISTRIBUTED'; ExecutionType: 'STANDARD' }
  }
  Output: unknown
} & Onward

export type State = MapState | TaskState | ChoiceState | WaitState | PassState | SucceedState | ParallelState

export type Flow = { StartAt: string; States: Record<string, State> }

export type Definition = Flow & { Comment?: string; QueryLanguage: 'JSONata' }
