import type { EngineClock } from './clock.ts'
import type { Definition } from './definition.ts'
import { History } from './history.ts'
import type { Integrations } from './integrations.ts'

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

/** What an execution runs in. Everything that is not a function of definition and input comes from here. */
export type Surroundings = {
  clock: EngineClock
  integrations: Integrations
  random: () => number
}

export type StartedFrom = {
  definition: Definition
  input: unknown
  name: string
  executionArn: string
  stateMachineArn: string
  stateMachineName: string
  roleArn: string
}

/** One run of a definition: what is fixed, what has happened, and the means to stop it. */
export class Execution {
  readonly from: StartedFrom
  readonly surroundings: Surroundings
  readonly history: History
  readonly startedAt: number
  readonly controller = new AbortController()
  status: ExecutionStatus = 'RUNNING'
  stoppedAt: number | undefined
  output: unknown
  error: string | undefined
  cause: string | undefined
  /** Settles when the execution has ended, however it ended. */
  readonly ended = Promise.withResolvers<void>()

  constructor(from: StartedFrom, surroundings: Surroundings) {
    this.from = from
    this.surroundings = surroundings
    this.history = new History(() => surroundings.clock.now())
    this.startedAt = surroundings.clock.now()
  }

  /** `$states.context`, but for the state. */
  get context(): Record<string, unknown> {
    const { executionArn, input, name, roleArn, stateMachineArn, stateMachineName } = this.from
    const StartTime = new Date(this.startedAt).toISOString()
    return {
      Execution: { Id: executionArn, Input: input, Name: name, RoleArn: roleArn, StartTime, RedriveCount: 0 },
      StateMachine: { Id: stateMachineArn, Name: stateMachineName },
    }
  }

  /** Ends the execution unless it has ended: whichever end comes first stays. */
  end(
    status: Exclude<ExecutionStatus, 'RUNNING'>,
    outcome: { output?: unknown; error?: string; cause?: string },
  ): boolean {
    if (this.status !== 'RUNNING') return false
    this.status = status
    this.stoppedAt = this.surroundings.clock.now()
    this.output = outcome.output
    this.error = outcome.error
    this.cause = outcome.cause
    return true
  }
}
