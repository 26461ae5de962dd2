import { AwsError } from '../../aws/errors.ts'
import type { Definition } from '../definition/definition.ts'
import { InvalidDefinition, parseDefinition } from '../definition/parse.ts'
import type { Integrations } from '../integrations/integration.ts'
import { type ExecutionRow, type ExecutionStore, WAITED_FOR } from '../store/execution-store.ts'
import type { EngineClock } from './clock.ts'
import { endIn, outcomeOf } from './ends.ts'
import { type ChildSpec, Execution, type Outcome } from './execution.ts'
import { asText, type JournalEntry } from './history.ts'
import { runExecution, stopExecution } from './run-execution.ts'
import { ExecutionStopped } from './state-error.ts'
import type { TaskTokens } from './task-tokens.ts'

type Settings = {
  clock: EngineClock
  integrations: Integrations
  store: ExecutionStore
  tokens: TaskTokens
  random: () => number
  randomBytes: (size: number) => Uint8Array
  callTimeouts: boolean
  /** Called at each change of status, and again after a restart if the call did not complete. */
  onStatusChange?: ((execution: ExecutionRow) => Promise<void> | void) | undefined
  onBroken: (reason: Error) => void
}

export type NewExecution = Pick<
  ExecutionRow,
  'executionArn' | 'stateMachineArn' | 'name' | 'roleArn' | 'input' | 'startedBy' | 'mapRunArn'
>

/** Definitions are large, so those of the machines in use are cached. */
const MAX_DEFINITIONS = 100

/** Statuses from which an execution can be redriven. */
export const REDRIVABLE: readonly string[] = ['FAILED', 'ABORTED', 'TIMED_OUT']

/** The running executions: started, resumed after a crash, or redriven. */
export class Runner {
  readonly #settings: Settings
  readonly #running = new Map<string, Execution>()
  readonly #definitions = new Map<string, Definition>()
  #stopped = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Parses a definition that this engine can run; cached. Throws AwsError InvalidDefinition. */
  parse(text: string): Definition {
    const known = this.#definitions.get(text)
    if (known) return known
    try {
      const definition = parseDefinition(text, Object.keys(this.#settings.integrations))
      if (this.#definitions.size >= MAX_DEFINITIONS) this.#definitions.clear()
      this.#definitions.set(text, definition)
      return definition
    } catch (error) {
      if (error instanceof InvalidDefinition) throw new AwsError('InvalidDefinition', error.message)
      throw error
    }
  }

  start(execution: NewExecution, definition: string): ExecutionRow {
    const { clock, store } = this.#settings
    this.parse(definition)
    const startedAt = clock.now()
    const row: ExecutionRow = {
      ...execution,
      startedAt,
      status: 'RUNNING',
      redriveCount: 0,
      announced: false,
    }
    store.insert(row, definition)
    this.#run(this.#make(row, definition))
    return row
  }

  /** Redrives a failed execution; `startedBy` is the Map that requests it, if one does. */
  redrive(row: ExecutionRow, startedBy = row.startedBy): void {
    const { clock, store } = this.#settings
    const { executionArn } = row
    const redrivenAt = clock.now()
    const { stoppedAt: _stoppedAt, error: _error, cause: _cause, ...kept } = row
    const again: ExecutionRow = { ...kept, status: 'RUNNING', redrivenAt, redriveCount: row.redriveCount + 1 }
    const execution = this.#make(again, store.definitionOf(executionArn), store.journal(executionArn))
    execution.history.redrive((entry) => store.redrive(executionArn, { redrivenAt, startedBy }, entry))
    this.#run(execution)
  }

  /** Resumes the executions that a previous process left; resolves when all of them wait for something. */
  async resume(): Promise<number> {
    const unfinished = this.#settings.store.listUnfinished()
    for (const row of unfinished) if (!this.#running.has(row.executionArn)) this.#resumeOne(row)
    await new Promise((resolve) => setImmediate(resolve))
    return unfinished.filter(({ status }) => status === 'RUNNING').length
  }

  isRunning(executionArn: string): boolean {
    return this.#running.has(executionArn)
  }

  stopOne(executionArn: string, error?: string, cause?: string): void {
    const execution = this.#running.get(executionArn)
    if (execution && !this.#stopped) stopExecution(execution, error, cause)
  }

  stopAllOf(stateMachineArn: string): void {
    const own = [...this.#running.values()].filter(({ row }) => row.stateMachineArn === stateMachineArn)
    for (const execution of own) stopExecution(execution)
  }

  /** Resolves when the current run of an execution has ended. Rejects with ExecutionStopped when the engine was stopped first. */
  async untilEnded(executionArn: string): Promise<void> {
    const running = this.#running.get(executionArn)
    if (running && (await running.ended.promise) === undefined) {
      throw new ExecutionStopped('the engine was stopped')
    }
  }

  /** Abandons everything that runs, as in a crash: executions neither end nor continue. */
  stop(): void {
    this.#stopped = true
    for (const { controller, history } of this.#running.values()) {
      history.close()
      controller.abort(new ExecutionStopped('the engine was stopped'))
    }
    this.#running.clear()
  }

  #make(row: ExecutionRow, definition: string, past: JournalEntry[] = []): Execution {
    const { clock, random, randomBytes, integrations, tokens, store, callTimeouts } = this.#settings
    const surroundings = {
      clock,
      random,
      randomBytes,
      integrations,
      tokens,
      store,
      callTimeouts,
      runChild: this.#runChild,
    }
    return new Execution(row, this.parse(definition), surroundings, past)
  }

  #run(execution: Execution): void {
    const { executionArn } = execution.row
    this.#running.set(executionArn, execution)
    this.#announce(executionArn)
    runExecution(execution)
      .then(() => {
        if (this.#running.get(executionArn) === execution) this.#running.delete(executionArn)
        if (execution.outcome) this.#announce(executionArn)
      })
      .catch((reason: Error) => {
        if (!this.#stopped) this.#settings.onBroken(reason)
      })
  }

  #resumeOne(row: ExecutionRow): void {
    const { executionArn, status } = row
    if (status !== 'RUNNING') return this.#announce(executionArn)
    const { store, clock } = this.#settings
    try {
      const execution = this.#make(row, store.definitionOf(executionArn), store.journal(executionArn))
      const end =
        endIn(execution.history) ?? (this.#isOrphan(row) ? { status: 'ABORTED' as const } : undefined)
      if (!end) return this.#run(execution)
      // The process ended between the last event and the end, or between a parent's end and its children's.
      execution.end(end)
    } catch (error) {
      // An unreadable execution fails, without keeping others from resuming.
      store.end(
        executionArn,
        { status: 'FAILED', error: 'States.Runtime', cause: String(error) },
        clock.now(),
      )
    }
    this.#announce(executionArn)
  }

  /** Whether the parent that waited for it has ended. */
  #isOrphan({ startedBy = '', mapRunArn }: ExecutionRow): boolean {
    if (mapRunArn === undefined && !startedBy.endsWith(WAITED_FOR)) return false
    const parent = this.#settings.store.find(startedBy.split(' ')[0] ?? '')
    return parent !== undefined && parent.status !== 'RUNNING'
  }

  /** Children of a Map are not among the machine's executions, and their status changes are not announced. */
  readonly #runChild = async (
    { parent, label, name, definition, input, mapRunArn }: ChildSpec,
    { redrives, signal }: { redrives: number; signal: AbortSignal },
  ): Promise<Outcome> => {
    const { store } = this.#settings
    const { stateMachineArn, roleArn } = parent.row
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}/${label}:${name}`
    const startedBy = `${parent.row.executionArn} ${redrives}`
    signal.throwIfAborted()
    const known = store.find(executionArn)
    if (!known) {
      const child = {
        executionArn,
        stateMachineArn,
        name,
        roleArn,
        input: asText(input),
        mapRunArn,
        startedBy,
      }
      this.start(child, asText(definition))
    } else if (known.startedBy !== startedBy && REDRIVABLE.includes(known.status))
      this.redrive(known, startedBy)
    const stop = (): void => this.stopOne(executionArn)
    signal.addEventListener('abort', stop, { once: true })
    await this.untilEnded(executionArn).finally(() => signal.removeEventListener('abort', stop))
    signal.throwIfAborted()
    return outcomeOf(store.find(executionArn) as ExecutionRow)
  }

  #announce(executionArn: string): void {
    const { onStatusChange, store } = this.#settings
    if (this.#stopped || !onStatusChange) return
    const row = store.find(executionArn)
    if (!row || row.announced || row.mapRunArn !== undefined) return
    const { status } = row
    const announced = (): void => {
      if (!this.#stopped && store.find(executionArn)?.status === status) store.setAnnounced(executionArn)
    }
    // An announcement that did not complete is repeated after a restart.
    const told = async (): Promise<void> => onStatusChange(row)
    told().then(announced, () => {})
  }
}
