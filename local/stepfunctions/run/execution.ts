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

/** The child execution of a distributed Map for one item. */
export type ChildSpec = {
  parent: Execution
  label: string
  name: string
  definition: Definition
  input: unknown
  mapRunArn: string
}

/** The environment of an execution: every input that is not a function of definition and payload. */
export type Surroundings = {
  clock: EngineClock
  integrations: Integrations
  random: () => number
  randomBytes: (size: number) => Uint8Array
  tokens: TaskTokens
  store: ExecutionStore
  /** Whether calls without a token time out; off where a debugger may stop the called function. */
  callTimeouts: boolean
  /** Starts a child or finds the existing one by name; a failed one runs again after a redrive. Resolves when it has ended. */
  runChild(child: ChildSpec, options: { redrives: number; signal: AbortSignal }): Promise<Outcome>
}

/** A running execution: its fixed properties, its history, and the means to stop it. */
export class Execution {
  readonly row: ExecutionRow
  readonly definition: Definition
  readonly input: unknown
  readonly surroundings: Surroundings
  readonly history: History
  readonly controller = new AbortController()
  /** The functions of expressions that depend on time and randomness. */
  readonly functions: Readonly<Record<string, unknown>>
  /** Settles when this run of the execution has ended, in any way; undefined when the engine was stopped. */
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

  /** `$states.context`, without the state. */
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

  /** Ends the execution unless it has ended: the first outcome stays. */
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
