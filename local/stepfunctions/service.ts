import { randomUUID } from 'node:crypto'
import { AwsError } from '../endpoint/aws-error.ts'
import type { EngineClock } from './clock.ts'
import type { Definition } from './definition.ts'
import { type ChildSpec, Execution, type Outcome } from './execution.ts'
import { asText, type HistoryEvent, type JournalEntry } from './history.ts'
import type { Authorize } from './integrations/authorize.ts'
import type { Integration, Integrations } from './integrations/integration.ts'
import { startExecutionIntegrations } from './integrations/start-execution.ts'
import { InvalidDefinition, parseDefinition } from './parse-definition.ts'
import { runExecution, stopExecution } from './run-execution.ts'
import { ExecutionStopped } from './state-error.ts'
import type { ExecutionRow, ExecutionStore, Page, StateMachine } from './store/execution-store.ts'
import { TaskTokens } from './task-tokens.ts'

type Settings = {
  clock: EngineClock
  integrations: Integrations
  store: ExecutionStore
  random?: () => number
  /** Whether a machine's role may do something; throws AwsError. Everything is allowed without it. */
  authorize?: Authorize
  /** Told of each change of status, again in the next life when it has not returned in this one. */
  onStatusChange?: (execution: ExecutionRow) => Promise<void> | void
}

export type StartRequest = {
  stateMachineArn: string
  name: string
  input?: string | undefined
  /** The task that starts it: the same task finds what it has started. */
  startedBy?: string
}

/** AWS redrives an execution within two weeks of its end. */
const REDRIVABLE_MILLISECONDS = 14 * 86_400_000
const REDRIVABLE = ['FAILED', 'ABORTED', 'TIMED_OUT']

/** State machines and their executions: Step Functions without its wire. */
export class StepFunctionsService {
  readonly tokens = new TaskTokens()
  readonly #settings: Settings
  readonly #integrations: Record<string, Integration>
  readonly #running = new Map<string, Execution>()
  readonly #definitions = new Map<string, Definition>()
  #stopped = false

  constructor(settings: Settings) {
    this.#settings = settings
    const { integrations, authorize = () => {} } = settings
    this.#integrations = { ...startExecutionIntegrations(this, authorize), ...integrations }
  }

  get #store(): ExecutionStore {
    return this.#settings.store
  }

  /** As a deployment does: creates the machine or replaces its definition. Throws AwsError InvalidDefinition. */
  putStateMachine({
    stateMachineArn,
    name,
    definition,
    roleArn,
  }: Omit<StateMachine, 'createdAt' | 'updatedAt' | 'revisionId'>): StateMachine {
    this.#parse(definition)
    const known = this.#store.findMachine(stateMachineArn)
    const now = this.#settings.clock.now()
    const isSame = known?.definition === definition && known.roleArn === roleArn
    if (known && isSame) return known
    const createdAt = known?.createdAt ?? now
    const machine = {
      stateMachineArn,
      name,
      definition,
      roleArn,
      createdAt,
      updatedAt: now,
      revisionId: randomUUID(),
    }
    this.#store.putMachine(machine)
    return machine
  }

  /** Throws AwsError StateMachineDoesNotExist. */
  getStateMachine(arn: string): StateMachine {
    const machine = this.#store.findMachine(arn)
    if (machine) return machine
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  }

  findStateMachine(arn: string): StateMachine | undefined {
    return this.#store.findMachine(arn)
  }

  listStateMachines(): StateMachine[] {
    return this.#store.listMachines()
  }

  /** Its executions go no further, as on AWS. */
  deleteStateMachine(arn: string): void {
    this.#store.deleteMachine(arn)
    const own = [...this.#running.values()].filter(({ row }) => row.stateMachineArn === arn)
    for (const execution of own) stopExecution(execution)
  }

  /** The reasons why a definition would be refused; none for one that would not. */
  validate(definition: string): string[] {
    try {
      parseDefinition(definition, Object.keys(this.#integrations))
      return []
    } catch (error) {
      if (error instanceof InvalidDefinition) return error.problems
      throw error
    }
  }

  /** Idempotent by name and input while it runs. Throws AwsError ExecutionAlreadyExists, StateMachineDoesNotExist, InvalidExecutionInput. */
  startExecution({ stateMachineArn, name, input = '{}', startedBy }: StartRequest): ExecutionRow {
    const machine = this.getStateMachine(stateMachineArn)
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
    const text = normalized(input)
    const existing = this.#store.find(executionArn)
    if (existing) {
      const isSame = existing.status === 'RUNNING' && existing.input === text
      if (isSame || (startedBy !== undefined && existing.startedBy === startedBy)) return existing
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`)
    }
    const { roleArn, definition } = machine
    const place = { executionArn, stateMachineArn, name, roleArn, definition, input: text }
    return this.#start({ ...place, ...(startedBy === undefined ? {} : { startedBy }) }).row
  }

  /** Throws AwsError ExecutionDoesNotExist. */
  getExecution(arn: string): ExecutionRow {
    const row = this.#store.find(arn)
    if (row) return row
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`)
  }

  listExecutions(filter: Parameters<ExecutionStore['list']>[0], page: Page): ExecutionRow[] {
    return this.#store.list(filter, page)
  }

  listEvents(arn: string, page: Page & { reverse: boolean }): HistoryEvent[] {
    this.getExecution(arn)
    return this.#store.events(arn, page)
  }

  stopExecution(arn: string, error?: string, cause?: string): ExecutionRow {
    this.getExecution(arn)
    const execution = this.#running.get(arn)
    if (execution) stopExecution(execution, error, cause)
    return this.getExecution(arn)
  }

  /** Runs an execution that has ended badly on from where it failed. Throws AwsError ExecutionNotRedrivable. */
  redriveExecution(arn: string): number {
    const row = this.getExecution(arn)
    const now = this.#settings.clock.now()
    const age = now - (row.stoppedAt ?? now)
    if (!REDRIVABLE.includes(row.status) || age > REDRIVABLE_MILLISECONDS) {
      const reason = `Execution is ${row.status} and cannot be redriven: only executions that failed, were stopped or timed out within the last 14 days can be.`
      throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`)
    }
    this.#redrive(row, now)
    return now
  }

  /** Resolves when the execution's present life has ended. Rejects with ExecutionStopped when the engine was stopped first. */
  async untilEnded(arn: string): Promise<ExecutionRow> {
    const running = this.#running.get(arn)
    if (running && (await running.ended.promise) === undefined)
      throw new ExecutionStopped('the engine was stopped')
    return this.getExecution(arn)
  }

  /** Goes on with what an earlier life of the process has left; resolves when all of it waits for something. */
  async resume(): Promise<number> {
    const unfinished = this.#store.listUnfinished()
    for (const row of unfinished) this.#resumeOne(row)
    await new Promise((resolve) => setImmediate(resolve))
    return unfinished.filter(({ status }) => status === 'RUNNING').length
  }

  /** Lets go of everything that runs, as when the machine goes down: no execution ends, none goes on. */
  stop(): void {
    this.#stopped = true
    for (const { controller } of this.#running.values())
      controller.abort(new ExecutionStopped('the engine was stopped'))
    this.#running.clear()
    this.#store.close()
  }

  #parse(text: string): Definition {
    const known = this.#definitions.get(text)
    if (known) return known
    try {
      const definition = parseDefinition(text, Object.keys(this.#integrations))
      this.#definitions.set(text, definition)
      return definition
    } catch (error) {
      if (error instanceof InvalidDefinition) throw new AwsError('InvalidDefinition', error.message)
      throw error
    }
  }

  #start(
    place: Pick<
      ExecutionRow,
      | 'executionArn'
      | 'stateMachineArn'
      | 'name'
      | 'roleArn'
      | 'definition'
      | 'input'
      | 'startedBy'
      | 'mapRunArn'
    >,
  ): Execution {
    const startedAt = this.#settings.clock.now()
    const row: ExecutionRow = { ...place, startedAt, status: 'RUNNING', redriveCount: 0, announced: false }
    this.#store.insert(row)
    const execution = this.#makeExecution(row)
    this.#run(execution)
    return execution
  }

  #makeExecution(row: ExecutionRow, past: JournalEntry[] = []): Execution {
    const { clock, random = Math.random } = this.#settings
    const surroundings = {
      clock,
      random,
      integrations: this.#integrations,
      tokens: this.tokens,
      store: this.#store,
      runChild: this.#runChild,
    }
    return new Execution(row, this.#parse(row.definition), surroundings, past)
  }

  #run(execution: Execution): void {
    const { executionArn } = execution.row
    this.#running.set(executionArn, execution)
    this.#announce(executionArn)
    void runExecution(execution).then(() => {
      if (this.#running.get(executionArn) === execution) this.#running.delete(executionArn)
      if (execution.outcome) this.#announce(executionArn)
    })
  }

  #resumeOne(row: ExecutionRow): void {
    if (row.status !== 'RUNNING') return this.#announce(row.executionArn)
    const execution = this.#makeExecution(row, this.#store.journal(row.executionArn))
    const aborted = execution.history.find('aborted')
    // The process ended between the last event and the end.
    if (aborted && execution.history.redriveAfter(aborted.id) === undefined)
      execution.end({ status: 'ABORTED' })
    else this.#run(execution)
  }

  #redrive(row: ExecutionRow, now: number): Execution {
    this.#store.redrive(row.executionArn, now)
    const execution = this.#makeExecution(
      this.getExecution(row.executionArn),
      this.#store.journal(row.executionArn),
    )
    execution.history.redrive()
    this.#run(execution)
    return execution
  }

  /** Children of a Map have no place among the machine's executions, and nobody is told of them. */
  readonly #runChild = async (
    { parent, label, name, definition, input, mapRunArn }: ChildSpec,
    { redrives, signal }: { redrives: number; signal: AbortSignal },
  ): Promise<Outcome> => {
    const { stateMachineArn, roleArn } = parent.row
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}/${label}:${name}`
    const known = this.#store.find(executionArn)
    const text = asText(definition)
    if (!known)
      this.#start({
        executionArn,
        stateMachineArn,
        name,
        roleArn,
        definition: text,
        input: asText(input),
        mapRunArn,
      })
    else if (known.redriveCount < redrives && REDRIVABLE.includes(known.status))
      this.#redrive(known, this.#settings.clock.now())
    const stop = (): void => {
      const running = this.#running.get(executionArn)
      if (running && !this.#stopped) stopExecution(running)
    }
    signal.addEventListener('abort', stop, { once: true })
    const row = await this.untilEnded(executionArn).finally(() => signal.removeEventListener('abort', stop))
    signal.throwIfAborted()
    return outcomeOf(row)
  }

  #announce(executionArn: string): void {
    const { onStatusChange } = this.#settings
    if (this.#stopped) return
    const row = this.#store.find(executionArn)
    if (!row || row.announced || row.mapRunArn !== undefined || !onStatusChange) return
    const { status } = row
    const announced = (): void => {
      if (!this.#stopped && this.#store.find(executionArn)?.status === status)
        this.#store.setAnnounced(executionArn)
    }
    // Who was not told is told in the next life.
    Promise.resolve(onStatusChange(row)).then(announced, () => {})
  }
}

function outcomeOf({ status, output, error, cause }: ExecutionRow): Outcome {
  if (status === 'SUCCEEDED') return { status, output: JSON.parse(output ?? 'null') as unknown }
  if (status === 'RUNNING') throw new Error('an execution that runs has no outcome')
  return { status, ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) }
}

/** One text for equal values. */
function normalized(text: string): string {
  try {
    return asText(JSON.parse(text))
  } catch (error) {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    )
  }
}
