import { randomUUID, randomBytes as secretBytes } from 'node:crypto'
import { AwsError } from '../aws/errors.ts'
import { InvalidDefinition, parseDefinition } from './definition/parse.ts'
import type { Authorize } from './integrations/authorize.ts'
import type { Integration, Integrations } from './integrations/integration.ts'
import { startExecutionIntegrations } from './integrations/start-execution.ts'
import type { EngineClock } from './run/clock.ts'
import type { HistoryEvent } from './run/history.ts'
import { normalizedInput } from './run/normalized-input.ts'
import { whyNotRedrivable } from './run/redrivable.ts'
import { Runner } from './run/runner.ts'
import { TaskTokens } from './run/task-tokens.ts'
import {
  type ExecutionRow,
  type ExecutionStore,
  machineArnOf,
  type Page,
  type StateMachine,
  versionNumberOf,
} from './store/execution-store.ts'

type Settings = {
  clock: EngineClock
  integrations: Integrations
  store: ExecutionStore
  /** Random numbers for jitter and expressions. */
  random?: () => number
  /** Secure randomness for task tokens and names of Map Runs. */
  randomBytes?: (size: number) => Uint8Array
  /** Whether calls without a token time out; true by default. */
  callTimeouts?: boolean
  /** Authorizes a machine's role; throws AwsError. By default everything is allowed. */
  authorize?: Authorize
  /** Called at each change of status, and again after a restart if the call did not complete. */
  onStatusChange?: (execution: ExecutionRow) => Promise<void> | void
  /** Called when the store fails (a full disk): no execution can continue. */
  onBroken?: (reason: Error) => void
}

type StartRequest = {
  /** The ARN of a machine or of a published version. */
  stateMachineArn: string
  name: string
  input?: string | undefined
  /** The task that starts it: a repeated start by the same task finds the existing execution. */
  startedBy?: string
}

/** State machines and their executions: Step Functions without its wire protocol. */
export class StepFunctionsService {
  readonly tokens: TaskTokens
  readonly #clock: EngineClock
  readonly #store: ExecutionStore
  readonly #integrations: Record<string, Integration>
  readonly #runner: Runner

  constructor({
    clock,
    store,
    integrations,
    random = Math.random,
    randomBytes = secretBytes,
    callTimeouts = true,
    authorize = () => {},
    onStatusChange,
    onBroken = () => {},
  }: Settings) {
    this.#clock = clock
    this.#store = store
    this.#integrations = { ...startExecutionIntegrations(this, authorize), ...integrations }
    const tokens = new TaskTokens(randomBytes)
    this.tokens = tokens
    this.tokens.complete = store.listUnfinished().length === 0
    this.#runner = new Runner({
      clock,
      store,
      tokens,
      random,
      randomBytes,
      callTimeouts,
      integrations: this.#integrations,
      onStatusChange,
      onBroken,
    })
  }

  /** Creates the machine or replaces its definition. Throws AwsError InvalidDefinition. */
  putStateMachine({
    stateMachineArn,
    name,
    definition,
    roleArn,
  }: Pick<StateMachine, 'stateMachineArn' | 'name' | 'definition' | 'roleArn'>): StateMachine {
    this.#runner.parse(definition)
    const known = this.#store.findMachine(stateMachineArn)
    if (known?.definition === definition && known.roleArn === roleArn) return known
    const updatedAt = this.#clock.now()
    const createdAt = known?.createdAt ?? updatedAt
    const revisionId = randomUUID()
    const machine = { stateMachineArn, name, definition, roleArn, createdAt, updatedAt, revisionId }
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

  /**
   * Publishes an immutable version of the machine, under its ARN and the next number; returns the newest version if the machine
   * has not changed since. Throws AwsError StateMachineDoesNotExist, ConflictException for another revision than the one given.
   */
  publishVersion(machineArn: string, revisionId?: string): StateMachine {
    const machine = this.getStateMachine(machineArn)
    if (revisionId !== undefined && revisionId !== machine.revisionId) {
      throw new AwsError('ConflictException', `The state machine's revision is ${machine.revisionId}`, 409)
    }
    const [newest] = this.#store.listVersions(machineArn)
    if (newest?.revisionId === machine.revisionId) return newest
    const number = versionNumberOf(newest?.stateMachineArn ?? machineArn) + 1
    const version = { ...machine, stateMachineArn: `${machineArn}:${number}`, createdAt: this.#clock.now() }
    this.#store.putMachine(version)
    return version
  }

  listVersions(machineArn: string): StateMachine[] {
    this.getStateMachine(machineArn)
    return this.#store.listVersions(machineArn)
  }

  /** Running executions of the version continue. */
  deleteVersion(versionArn: string): void {
    if (versionNumberOf(versionArn) > 0) this.#store.deleteMachine(versionArn)
  }

  /** Ends its executions, as on AWS. */
  deleteStateMachine(arn: string): void {
    this.#store.deleteMachine(arn)
    this.#runner.stopAllOf(arn)
  }

  /** The reasons why a definition would be refused; empty for a valid one. */
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
  startExecution({
    stateMachineArn: requestedArn,
    name,
    input = '{}',
    startedBy,
  }: StartRequest): ExecutionRow {
    const { roleArn, definition } = this.getStateMachine(requestedArn)
    const stateMachineArn = machineArnOf(requestedArn)
    const version = requestedArn === stateMachineArn ? {} : { stateMachineVersionArn: requestedArn }
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
    const text = normalizedInput(input)
    const existing = this.#store.find(executionArn)
    if (existing) {
      const isSame = existing.status === 'RUNNING' && existing.input === text
      if (isSame || (startedBy !== undefined && existing.startedBy === startedBy)) return existing
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`)
    }
    const execution = { executionArn, stateMachineArn, ...version, name, roleArn, input: text }
    return this.#runner.start({ ...execution, ...(startedBy === undefined ? {} : { startedBy }) }, definition)
  }

  /** Throws AwsError ExecutionDoesNotExist. */
  getExecution(arn: string): ExecutionRow {
    const row = this.#store.find(arn)
    if (row) return row
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`)
  }

  /** The definition that an execution was started with. */
  definitionOf(arn: string): string {
    this.getExecution(arn)
    return this.#store.definitionOf(arn)
  }

  listExecutions(filter: Parameters<ExecutionStore['list']>[0], page: Page): ExecutionRow[] {
    return this.#store.list(filter, page)
  }

  listEvents(arn: string, page: Page & { reverse: boolean }): HistoryEvent[] {
    this.getExecution(arn)
    return this.#store.events(arn, page)
  }

  stopExecution(arn: string, error?: string, cause?: string): ExecutionRow {
    const { status } = this.getExecution(arn)
    if (status === 'RUNNING' && !this.#runner.isRunning(arn)) {
      throw new AwsError('ServiceUnavailable', 'executions are being resumed; try again', 503)
    }
    this.#runner.stopOne(arn, error, cause)
    return this.getExecution(arn)
  }

  /** Redrives a failed execution; returns the time of it. Throws AwsError ExecutionNotRedrivable. */
  redriveExecution(arn: string): number {
    const row = this.getExecution(arn)
    const now = this.#clock.now()
    const reason = whyNotRedrivable(row, now)
    if (reason) throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`)
    this.#runner.redrive(row)
    return now
  }

  /** Resolves when the execution's current run has ended. Rejects with ExecutionStopped when the engine was stopped first. */
  async untilEnded(arn: string): Promise<ExecutionRow> {
    await this.#runner.untilEnded(arn)
    return this.getExecution(arn)
  }

  /** Resumes the executions that a previous process left; returns their number. */
  async resume(): Promise<number> {
    const resumed = await this.#runner.resume()
    this.tokens.complete = true
    return resumed
  }

  /** Abandons everything that runs, as in a crash: executions neither end nor continue. */
  stop(): void {
    // Answers to tokens are refused as temporary, so that callers repeat them after the restart.
    this.tokens.complete = false
    this.#runner.stop()
    this.#store.close()
  }
}
