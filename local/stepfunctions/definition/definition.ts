/** Amazon States Language with JSONata, as far as this engine supports it. */
export type Retrier = {
  ErrorEquals: string[]
  IntervalSeconds?: number
  MaxAttempts?: number
  BackoffRate?: number
  MaxDelaySeconds?: number
  JitterStrategy?: 'FULL' | 'NONE'
}
export type Catcher = {
  ErrorEquals: string[]
  Next: string
  Output?: unknown
  Assign?: Record<string, unknown>
}

type Common = {
  Comment?: string
  Next?: string
  End?: boolean
  Output?: unknown
  Assign?: Record<string, unknown>
}
type Failable = { Retry?: Retrier[]; Catch?: Catcher[] }

export type TaskState = Common &
  Failable & {
    Type: 'Task'
    Resource: string
    Arguments?: unknown
    Credentials?: { RoleArn?: string }
    TimeoutSeconds?: number | string
    HeartbeatSeconds?: number | string
  }
export type PassState = Common & { Type: 'Pass' }
export type Choice = {
  Condition: string | boolean
  Next: string
  Output?: unknown
  Assign?: Record<string, unknown>
}
export type ChoiceState = Common & { Type: 'Choice'; Choices: Choice[]; Default?: string }
export type WaitState = Common & { Type: 'Wait'; Seconds?: number | string; Timestamp?: string }
export type SucceedState = Common & { Type: 'Succeed' }
export type FailState = Common & { Type: 'Fail'; Error?: string; Cause?: string }
export type ParallelState = Common & Failable & { Type: 'Parallel'; Branches: Flow[]; Arguments?: unknown }

export type MapState = Common &
  Failable & {
    Type: 'Map'
    Items?: unknown
    ItemSelector?: unknown
    ItemProcessor: Flow & { ProcessorConfig?: { Mode?: string; ExecutionType?: string } }
    /** Part of the names of the Map's child executions. */
    Label?: string
    MaxConcurrency?: number | string
    ToleratedFailureCount?: number | string
    ToleratedFailurePercentage?: number | string
  }

export type State =
  | TaskState
  | PassState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState

export type Flow = { StartAt: string; States: Record<string, State> }
export type Definition = Flow & { Comment?: string; QueryLanguage: 'JSONata'; TimeoutSeconds?: number }
