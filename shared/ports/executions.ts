/** For each step, the ARN of its agent's function; for a loop, those of its body. */
type Functions = { [step: string]: string | Functions }

/** On a machine whose names are positions, `functions` are by position, and `steps` says which step stands where. */
export type ExecutionInput = {
  /** The task's run key. */
  taskId: string
  functions: Functions
  steps?: Record<string, string>
}

export type ExecutionState = {
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'
  error?: string | undefined
  cause?: string | undefined
}

/** The service that walks a compiled workflow. */
export type Executions = {
  /** Idempotent by name and input. Answers the execution's ARN. */
  start(execution: { stateMachineArn: string; name: string; input: ExecutionInput }): Promise<string>
  /** Undefined when there is no such execution. */
  find(execution: { stateMachineArn: string; name: string }): Promise<ExecutionState | undefined>
  /** Lets a state that waits for this token go on. Does nothing when it does not wait any more. */
  wake(token: string): Promise<void>
  /** Does nothing when it has already ended or never was. */
  stop(execution: { stateMachineArn: string; name: string }, reason: string): Promise<void>
}
