import { AwsError } from '../endpoint/aws-error.ts'
import type { EngineClock } from './clock.ts'
import type { Definition } from './definition.ts'
import { Execution, type ExecutionStatus } from './execution.ts'
import type { Integrations } from './integrations.ts'
import { InvalidDefinition, parseDefinition } from './parse-definition.ts'
import { runExecution, stopExecution } from './run-execution.ts'
import { ExecutionStopped } from './state-error.ts'

export type StateMachine = {
  stateMachineArn: string
  name: string
  definitionText: string
  definition: Definition
  roleArn: string
  createdAt: number
}

type Settings = {
  clock: EngineClock
  integrations: Integrations
  random?: () => number
  /** Called once for each execution's every change of status. */
  onStatusChange?: (execution: Execution) => void
}

/** State machines and their executions: Step Functions without its wire. */
export class StepFunctionsService {
  readonly #settings: Settings
  readonly #machines = new Map<string, StateMachine>()
  readonly #executions = new Map<string, Execution>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Throws InvalidDefinition as AwsError. A machine of that name is replaced; its executions keep their definition. */
  putStateMachine(machine: {
    stateMachineArn: string
    name: string
    definition: string
    roleArn: string
  }): StateMachine {
    const { stateMachineArn, name, roleArn } = machine
    const stored = {
      stateMachineArn,
      name,
      roleArn,
      definitionText: machine.definition,
      definition: parsed(machine.definition, Object.keys(this.#settings.integrations)),
      createdAt: this.#settings.clock.now(),
    }
    this.#machines.set(stateMachineArn, stored)
    return stored
  }

  getStateMachine(arn: string): StateMachine {
    const machine = this.#machines.get(arn)
    if (machine) return machine
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  }

  listStateMachines(): StateMachine[] {
    return [...this.#machines.values()]
  }

  /** Idempotent by name and input while it runs. Throws ExecutionAlreadyExists, StateMachineDoesNotExist, InvalidExecutionInput. */
  startExecution({
    stateMachineArn,
    name,
    input = '{}',
  }: {
    stateMachineArn: string
    name: string
    input?: string | undefined
  }): Execution {
    const machine = this.getStateMachine(stateMachineArn)
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
    const value = parsedInput(input)
    const existing = this.#executions.get(executionArn)
    if (existing) {
      const same =
        existing.status === 'RUNNING' && JSON.stringify(existing.from.input) === JSON.stringify(value)
      if (same) return existing
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`)
    }
    const { clock, integrations, random = Math.random } = this.#settings
    const execution = new Execution(
      {
        definition: machine.definition,
        input: value,
        name,
        executionArn,
        stateMachineArn,
        stateMachineName: machine.name,
        roleArn: machine.roleArn,
      },
      { clock, integrations, random },
    )
    this.#executions.set(executionArn, execution)
    this.#settings.onStatusChange?.(execution)
    void runExecution(execution).then(() => {
      if (execution.status !== 'RUNNING') this.#settings.onStatusChange?.(execution)
    })
    return execution
  }

  getExecution(arn: string): Execution {
    const execution = this.#executions.get(arn)
    if (execution) return execution
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`)
  }

  listExecutions(stateMachineArn: string, status?: ExecutionStatus): Execution[] {
    const all = [...this.#executions.values()].filter(({ from }) => from.stateMachineArn === stateMachineArn)
    return all.filter((execution) => status === undefined || execution.status === status).reverse()
  }

  /** Lets go of everything that runs, as when the machine goes down: no execution ends, none goes on. */
  stop(): void {
    for (const { controller } of this.#executions.values())
      controller.abort(new ExecutionStopped('the engine was stopped'))
  }

  stopExecution(arn: string, error?: string, cause?: string): Execution {
    const execution = this.getExecution(arn)
    stopExecution(execution, error, cause)
    return execution
  }
}

function parsed(text: string, resources: readonly string[]): Definition {
  try {
    return parseDefinition(text, resources)
  } catch (error) {
    if (error instanceof InvalidDefinition) throw new AwsError('InvalidDefinition', error.message)
    throw error
  }
}

function parsedInput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    )
  }
}
