import type { AgentSettings } from '../agent/index.ts'
import type { DimensionsOf, MetricName } from '../contracts/metrics.ts'
import type { Json } from '../domain/json.ts'
import type { SecretMask } from '../domain/secret-mask.ts'
import type { FileLimits } from '../domain/task-file.ts'
import type { Timer } from '../domain/timer.ts'
import type { Ports } from '../ports/index.ts'
import type { Messaging } from './messaging/messaging.ts'
import type { HostModels } from './model/host-models.ts'
import type { StepLog } from './step-log.ts'
import type { HostSuspending } from './suspending/suspending-part.ts'

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
  | 'sharedState'
  | 'prices'
  | 'clock'
  | 'ids'
> &
  // Only where the agent needs models.
  Partial<Pick<Ports, 'turns' | 'transcripts'>> &
  // A host without them knows of no quota.
  Partial<Pick<Ports, 'quotas' | 'money'>> & {
    log: HostLog
    /** Language models; absent where the agent needs none. */
    models?: HostModels
    /** Sends and handles messages; absent where the agent does neither. */
    messaging?: Messaging
    /** Reads the secrets that the agent needs; absent where it needs none. */
    ownSecrets?: AgentSecrets
    /** Masks the secrets that were read, in all that leaves the host. */
    mask?: SecretMask
    /** Whether calls of models are kept with their attempts; they are where it is not given. */
    keepTranscripts?: boolean
    /** Names the code that runs, where it is a bundle: two versions of one number are told apart by it. */
    code?: Promise<string | undefined>
    /** Suspends and resumes; absent where the agent does not suspend. */
    suspending?: HostSuspending
    /** What the stage says for the agent; nothing where it is not given. */
    settings?: AgentSettings
    /** What agents may write; `DEFAULT_FILE_LIMITS` where it is not given. */
    fileLimits?: FileLimits
    /** Writes one value of a metric. */
    measure<Name extends MetricName>(name: Name, dimensions: DimensionsOf<Name>, value: number): void
    /** The platform's timers by default; tests pass timers in virtual time. */
    timer?: Timer
    /** Runs the agent's code; what it writes to the console is lines of the given log. */
    withConsole?<T>(log: StepLog, work: () => T): T
    /** Runs the agent's code; where that ends the process, it fails first, so that the attempt is recorded. */
    untilExit?<T>(work: () => Promise<T>): Promise<T>
    /** Told of each call as the agent begins it; a test notes them. */
    onCall?(call: AgentCall): void
  }

/**
 * A call of an agent, with its resolved input, before the agent's schema parses it: the parsed value may not be JSON.
 */
export type AgentCall = {
  agentId: string
  capability: string
  path: string
  /** The number of the step's attempt, from 1. */
  attempt: number
  input: Json
}

/** The secrets of an agent. What was read is known to the mask. */
export type AgentSecrets = {
  /** By the agent's own name for it. Throws ConfigError that says what is missing. */
  readSecret(name: string): Promise<string>
}

/** One invocation of the host, by Lambda or by a test. */
export type Invocation = {
  /** A unique id, which owns the step while the invocation runs. */
  id: string
  /** The time left to this invocation, in milliseconds. */
  remainingMs(): number
}

/** A structured log; payloads and secrets stay out. */
export type HostLog = {
  info(message: string, facts: Record<string, unknown>): void
  warn(message: string, facts: Record<string, unknown>): void
}
