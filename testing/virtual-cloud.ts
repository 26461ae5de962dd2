/**
 * A deployment in one process and in virtual time: the local Step Functions engine runs the compiled definitions, the functions' own code
 * runs the steps, and the cloud adapters use in-memory tables.
 *
 * Invariants (tests cite them):
 * virtual/T3 the same test gives the same result: ids, random numbers and time come from the test's seed and clock
 * virtual/T4 virtual time advances only when no work is possible, and never while an agent that is not scripted works
 */
import type { Integrations } from '../local/stepfunctions/integrations/integration.ts'
import { VirtualClock } from '../local/stepfunctions/run/clock.ts'
import { StateError } from '../local/stepfunctions/run/state-error.ts'
import { StepFunctionsService } from '../local/stepfunctions/service.ts'
import { memoryStore } from '../local/stepfunctions/store/memory-store.ts'
import type { PlanningNeeds } from '../shared/app/agents/agent-knowledge.ts'
import { finishTask } from '../shared/app/tasks/finish-task.ts'
import { fillIn } from '../shared/compiler/fill-in.ts'
import type { DomainEvent } from '../shared/domain/event.ts'
import { executionArnOf } from '../shared/domain/execution-arn.ts'
import { seededRandom } from '../shared/domain/random.ts'
import type { AgentCall, HostPorts } from '../shared/host/host-ports.ts'
import type { HostModels } from '../shared/host/model/host-models.ts'
import type { Executions, Machines, Ports } from '../shared/ports/index.ts'
import type { Cast } from './cast.ts'
import { functionsOf } from './functions.ts'
import type { GivenFiles } from './memory/files.ts'
import { memoryPorts } from './memory/ports.ts'
import { TASKS } from './memory/stored-ports.ts'

/** A step of a task, by its path. */
export type StepOf = { taskId: string; path: string }

type Settings = {
  now: Date
  seed: string
  files?: GivenFiles
  castOf(clock: VirtualClock): Cast
  /** The models of its agents. */
  models?: (cast: Cast) => HostModels
  /** The secrets of its agents. */
  secrets?: (cast: Cast) => Required<Pick<HostPorts, 'ownSecrets' | 'mask'>>
  /** Called for each published event. */
  onEvent(event: DomainEvent): void
  /** Called whenever an agent, the rebinder or the control function starts or continues a step. */
  onBegin(step: StepOf): void
  /** Called for each call of an agent, with the virtual seconds since the cloud was created. */
  onCall(call: AgentCall, atSeconds: number): void
  /** Called when the cloud itself fails, as opposed to an agent or a workflow. */
  onBroken(reason: unknown): void
}

const ROLE = 'arn:aws:iam::000000000000:role/test'
const MACHINES = 'arn:aws:states:us-east-1:000000000000:stateMachine:'
const FUNCTIONS = 'arn:aws:lambda:us-east-1:000000000000:function:'
const agentArn = (id: string): string => `${FUNCTIONS}agent-${id}`

export async function virtualCloud({
  now,
  seed,
  files,
  castOf,
  models,
  secrets,
  onEvent,
  onBegin,
  onCall,
  onBroken,
}: Settings) {
  const clock = new VirtualClock(now.getTime())
  const cast = castOf(clock)
  const random = seededRandom(`engine of ${seed}`)
  const { ports: kept, tasksTable } = memoryPorts({
    clock: { now: () => new Date(clock.now()) },
    seed,
    ...(files ? { files } : {}),
    bus: {
      publish: async (events) => events.forEach(onEvent),
      deliver: async (event) => onEvent(event),
    },
    executions: executionsOf(() => engine),
    machines: machinesOf(() => engine),
  })
  const hostModels = models?.(cast)
  const ports: Ports & Pick<PlanningNeeds, 'stageModels'> = {
    ...kept,
    steps: tellingBegins(kept.steps, onBegin),
    ...(hostModels ? { stageModels: hostModels.settings } : {}),
  }
  const given = { ...ports, ...secrets?.(cast), ...(hostModels ? { models: hostModels } : {}) }
  const functions = functionsOf(given, cast, clock, (call) =>
    onCall(call, (clock.now() - now.getTime()) / 1_000),
  )
  const integrations: Integrations = {
    'lambda:invoke': async ({ arguments: { FunctionName, Payload } }) => {
      const name = String(FunctionName).slice(FUNCTIONS.length)
      try {
        return { StatusCode: 200, Payload: await functions(name, Payload) }
      } catch (error) {
        const { name: errorType, message: errorMessage } = error as Error
        throw new StateError(errorType, JSON.stringify({ errorType, errorMessage }))
      }
    },
    'aws-sdk:dynamodb:updateItem': async ({ arguments: parameters }) => {
      try {
        return tasksTable.update(structuredClone(parameters))
      } catch (error) {
        const { name, message } = error as Error
        throw new StateError(`DynamoDb.${name}`, message)
      }
    },
  }
  const engine: StepFunctionsService = new StepFunctionsService({
    clock,
    store: memoryStore(),
    integrations,
    random,
    randomBytes: (size) => Uint8Array.from({ length: size }, () => Math.floor(random() * 256)),
    onStatusChange: async ({ name, status, error, cause }) => {
      if (status !== 'RUNNING')
        await finishTask(ports)({ name, ended: { status, error, cause } }).catch(onBroken)
    },
    onBroken,
  })
  for (const { manifest } of cast.agents) {
    const registeredAt = now.toISOString()
    const { deprecated } = manifest
    await ports.agents.putAgent({
      ...manifest,
      status: deprecated ? 'deprecated' : 'active',
      functionArn: agentArn(manifest.id),
      origin: 'deployment',
      registeredAt,
    })
  }
  return { ports, clock, engine }
}
export type VirtualCloud = Awaited<ReturnType<typeof virtualCloud>>

const tellingBegins = (steps: Ports['steps'], onBegin: (step: StepOf) => void): Ports['steps'] => ({
  ...steps,
  takeOverStep(own, start) {
    onBegin({ taskId: own.taskId, path: own.path })
    return steps.takeOverStep(own, start)
  },
})

function executionsOf(engine: () => StepFunctionsService): Executions {
  const find = (reference: { stateMachineArn: string; name: string }) => {
    try {
      return engine().getExecution(executionArnOf(reference))
    } catch {
      return undefined
    }
  }
  return {
    async start({ stateMachineArn, name, input }) {
      const known = find({ stateMachineArn, name })
      if (known) return known.executionArn
      return engine().startExecution({ stateMachineArn, name, input: JSON.stringify(input) }).executionArn
    },
    async find(reference) {
      const found = find(reference)
      return found && { status: found.status, error: found.error, cause: found.cause }
    },
    async wake(token) {
      try {
        engine().tokens.get(token).settle({ output: {} })
      } catch {
        // The state has ended or timed out meanwhile.
      }
    },
    async beat(token) {
      try {
        engine().tokens.get(token).heartbeat()
      } catch {
        // The same.
      }
    },
    async stop(reference, reason) {
      if (find(reference)) engine().stopExecution(executionArnOf(reference), 'TaskCancelledError', reason)
    },
  }
}

function machinesOf(engine: () => StepFunctionsService): Machines {
  const arnOf = (name: string): string => `${MACHINES}${name}`
  const substitutions = {
    RebindFunction: `${FUNCTIONS}rebind`,
    ControlFunction: `${FUNCTIONS}control`,
    TasksTable: TASKS,
  }
  return {
    arnOf,
    async ensure({ name, definition }) {
      const stateMachineArn = arnOf(name)
      const text = fillIn(JSON.stringify(definition), substitutions)
      engine().putStateMachine({ stateMachineArn, name, definition: text, roleArn: ROLE })
      return stateMachineArn
    },
    publish: async (stateMachineArn) => engine().publishVersion(stateMachineArn).stateMachineArn,
    async remove(machine) {
      engine().deleteStateMachine(machine.startsWith('arn:') ? machine : arnOf(machine))
      return true
    },
  }
}
