import type { DimensionsOf, MetricName } from '../contracts/metrics.ts'
import type { Json } from '../domain/json.ts'
import type { FileLimits } from '../domain/task-file.ts'
import type { Ports } from '../ports/index.ts'
import type { StepLog } from './step-log.ts'

/** Everything the host needs from outside. */
export type HostPorts = Pick<
  Ports,
  | 'tasks'
  | 'plans'
  | 'steps'
  | 'gates'
  | 'outputs'
  | 'values'
  | 'files'
  | 'taskFiles'
  | 'bus'
  | 'executions'
  | 'statistics'
  | 'breakers'
  | 'limits'
  | 'budgets'
  | 'ledger'
  | 'prices'
  | 'clock'
  | 'ids'
> & {
  log: HostLog
  /** What agents may write; `DEFAULT_FILE_LIMITS` where it is not given. */
  fileLimits?: FileLimits
  /** Writes one value of a metric. */
  measure<Name extends MetricName>(name: Name, dimensions: DimensionsOf<Name>, value: number): void
  /** The timers of the platform where it is not given; a test gives one of virtual time. */
  timer?: Timer
  /** Runs the agent's code; what it writes to the console is lines of the given log. */
  withConsole?<T>(log: StepLog, work: () => T): T
  /** Told of each call as the agent begins it; a test notes them. */
  onCall?(call: AgentCall): void
}

/** A call of an agent, with its input as it was resolved: the agent's own schema may make of it what is no JSON. */
export type AgentCall = {
  agentId: string
  capability: string
  path: string
  /** From 1: which try of the step it is. */
  attempt: number
  input: Json
}

/** A function's timeout exceeds its agent's `limits.timeoutSeconds` by this, so that the host can record the failure. */
export const HOST_MARGIN_SECONDS = 5

/** One call of the host: by Lambda, or by a test. */
export type Invocation = {
  /** Unique: it owns the step while it runs. */
  id: string
  /** How long it may still take, in milliseconds. */
  remainingMs(): number
}

/** Facts, not prose; payloads and secrets stay out. */
export type HostLog = {
  info(message: string, facts: Record<string, unknown>): void
  warn(message: string, facts: Record<string, unknown>): void
}

/** Acts once after so many milliseconds, unless it is cancelled by what it answers. */
export type Timer = (milliseconds: number, act: () => void) => () => void

export const platformTimer: Timer = (milliseconds, act) => {
  const timeout = setTimeout(act, milliseconds)
  return () => clearTimeout(timeout)
}
