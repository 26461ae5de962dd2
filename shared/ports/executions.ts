/** The ARN of the agent's function for each step; a loop has a nested record for its body. */
type Functions = { [step: string]: string | Functions }

/** On a shared machine, whose states are named by position, `functions` are by position, and `steps` maps positions to steps. */
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

/** The service that executes compiled workflows. */
export type Executions = {
  /** Idempotent by name and input. Returns the execution's ARN. */
  start(execution: { stateMachineArn: string; name: string; input: ExecutionInput }): Promise<string>
  /** Undefined when there is no such execution. */
  find(execution: { stateMachineArn: string; name: string }): Promise<ExecutionState | undefined>
  /** Resumes the state that waits for this task token. Does nothing when it does not wait any more. */
  wake(token: string): Promise<void>
  /** Tells the state that waits for this task token that its work goes on. Does nothing when it does not wait any more. */
  beat(token: string): Promise<void>
  /** Does nothing when the execution has ended or does not exist. */
  stop(execution: { stateMachineArn: string; name: string }, reason: string): Promise<void>
}
