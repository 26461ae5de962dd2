/** The parts of Amazon States Language (JSONata) that the compiler emits, as plain data. */
export type Expression = string

export type Retrier = {
  ErrorEquals: string[]
  /** AWS: 1 where it is not said. */
  IntervalSeconds?: number
  MaxAttempts: number
  /** AWS: 2 where it is not said. */
  BackoffRate?: number
  MaxDelaySeconds?: number
  JitterStrategy?: 'FULL' | 'NONE'
}

/** AWS: the output is the error, `{Error, Cause}`, where it is not said. */
export type Catcher = { ErrorEquals: string[]; Output?: unknown; Next: string }

/** A state goes on to another or ends its branch: never both, never neither. */
export type Onward = { Next: string } | { End: true }

export type TaskState = {
  Type: 'Task'
  Comment?: string
  Resource: string
  Arguments: Record<string, unknown>
  Output: unknown
  /** Variables that the states after it read. */
  Assign?: Record<string, Expression>
  TimeoutSeconds: number
  Retry: Retrier[]
  Catch?: Catcher[]
} & Onward

export type ChoiceState = {
  Type: 'Choice'
  Choices: { Condition: Expression; Next: string }[]
  Default: string
}
export type WaitState = { Type: 'Wait'; Seconds: Expression | number } & Onward
/** Does nothing but to name something for the states after it. */
export type PassState = { Type: 'Pass'; Assign: Record<string, Expression>; Output: unknown } & Onward
export type SucceedState = { Type: 'Succeed' }
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
  /** What each item's iteration is given; of a distributed Map all that it knows. */
  ItemSelector?: Record<string, Expression>
  ItemProcessor: Flow & {
    ProcessorConfig: { Mode: 'INLINE' } | { Mode: 'DISTRIBUTED'; ExecutionType: 'STANDARD' }
  }
  Output: unknown
} & Onward

export type State = MapState | TaskState | ChoiceState | WaitState | PassState | SucceedState | ParallelState

export type Flow = { StartAt: string; States: Record<string, State> }

export type Definition = Flow & { Comment?: string; QueryLanguage: 'JSONata' }
