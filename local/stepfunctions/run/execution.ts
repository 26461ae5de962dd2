import type { Definition } from '../definition/definition.ts'
import type { Integrations } from '../integrations/integration.ts'
import { functionsOf } from '../query/functions.ts'
import type { ExecutionRow, ExecutionStore } from '../store/execution-store.ts'
import type { EngineClock } from './clock.ts'
import { History, type JournalEntry } from './history.ts'
import type { TaskTokens } from './task-tokens.ts'

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'
type Ended = Exclude<ExecutionStatus, 'RUNNING'>
export type Outcome = { status: Ended; output?: unknown; error?: string; cause?: string }

/** What a distributed Map starts for each of its items. */
export type ChildSpec = {
  parent: Execution
  label: string
  name: string
  definition: Definition
  input: unknown
  mapRunArn: string
}

/** What an execution runs in. Everything that is not a function of definition and input comes from here. */
export type Surroundings = {
  clock: EngineClock
  integrations: Integrations
  random: () => number
  randomBytes: (size: number) => Uint8Array
  tokens: TaskTokens
  store: ExecutionStore
  /** Whether calls without a token are given up after their time: not where a debugger may stop what is called. */
  callTimeouts: boolean
  /** Starts a child, or finds the one of that name; a failed one runs again after a redrive. Resolves when it has ended. */
  runChild(child: ChildSpec, options: { redrives: number; signal: AbortSignal }): Promise<Outcome>
}

/** One run of a definition while it runs: what is fixed, what has happened, and the means to stop it. */
export class Execution {
  readonly row: ExecutionRow
  readonly definition: Definition
  readonly input: unknown
  readonly surroundings: Surroundings
  readonly history: History
  readonly controller = new AbortController()
  /** What expressions get from the surroundings: time and chance. */
  readonly functions: Readonly<Record<string, unknown>>
  /** Settles when this life of the execution has ended, however it ended; undefined when the engine was stopped. */
  readonly ended = Promise.withResolvers<Outcome | undefined>()
  #outcome: Outcome | undefined
  #context: Record<string, unknown> | undefined

  constructor(
    row: ExecutionRow,
    definition: Definition,
    surroundings: Surroundings,
    past: readonly JournalEntry[] = [],
  ) {
    this.row = row
    this.definition = definition
    this.input = JSON.parse(row.input)
    this.surroundings = surroundings
    const { clock, store } = surroundings
    this.functions = functionsOf(surroundings)
    this.history = new History(
      (entry) => store.append(row.executionArn, entry),
      () => clock.now(),
      past,
    )
  }

  get status(): ExecutionStatus {
    return this.#outcome?.status ?? 'RUNNING'
  }

  /** `$states.context`, but for the state. */
  get context(): Record<string, unknown> {
    const { executionArn, name, roleArn, stateMachineArn, startedAt, redrivenAt } = this.row
    this.#context ??= {
      Execution: {
        Id: executionArn,
        Input: this.input,
        Name: name,
        RoleArn: roleArn,
        StartTime: new Date(startedAt).toISOString(),
        RedriveCount: this.history.redriveCount,
        ...(redrivenAt === undefined ? {} : { RedriveTime: new Date(redrivenAt).toISOString() }),
      },
      StateMachine: { Id: stateMachineArn, Name: stateMachineArn.split(':').at(-1) },
    }
    return this.#context
  }

  /** Ends the execution unless it has ended: whichever end comes first stays. */
  end(outcome: Outcome): boolean {
    if (this.#outcome) return false
    this.surroundings.store.end(this.row.executionArn, outcome, this.surroundings.clock.now())
    this.#outcome = outcome
    this.history.close()
    return true
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }
}
