import * as z from 'zod'
import { dynamodbLimits } from '../../../functions/adapters/dynamodb/counters/limits.ts'
import { nodeIds } from '../../../functions/adapters/node-ids.ts'
import type { Integrations } from '../../../local/stepfunctions/integrations/integration.ts'
import { VirtualClock } from '../../../local/stepfunctions/run/clock.ts'
import { StateError } from '../../../local/stepfunctions/run/state-error.ts'
import { StepFunctionsService } from '../../../local/stepfunctions/service.ts'
import type { ExecutionStore } from '../../../local/stepfunctions/store/execution-store.ts'
import { memoryStore } from '../../../local/stepfunctions/store/memory-store.ts'
import { type DefinedAgent, defineAgent } from '../../../shared/agent/index.ts'
import { controlStep } from '../../../shared/app/control/control-step.ts'
import { rebindStep } from '../../../shared/app/steps/rebind-step.ts'
import { approveStep } from '../../../shared/app/tasks/approve-step.ts'
import { finishTask } from '../../../shared/app/tasks/finish-task.ts'
import { submitTask } from '../../../shared/app/tasks/submit-task.ts'
import { compileWorkflow } from '../../../shared/compiler/index.ts'
import { ControlPayloadSchema, RebindPayloadSchema } from '../../../shared/contracts/step-payload.ts'
import type { Agent } from '../../../shared/domain/agent.ts'
import { CLOSED } from '../../../shared/domain/breaker.ts'
import { DEATHS, isOrchestratorError } from '../../../shared/domain/errors.ts'
import type { DomainEvent } from '../../../shared/domain/event.ts'
import type { Json } from '../../../shared/domain/json.ts'
import { ModelsSchema } from '../../../shared/domain/model-settings.ts'
import type { StepRecord } from '../../../shared/domain/step.ts'
import { isOpenTask, type Task } from '../../../shared/domain/task.ts'
import { PRICES } from '../../../shared/estimator/prices.ts'
import type { Ports, RegisteredWorkflow } from '../../../shared/ports/index.ts'
import { TURN_CAPABILITY } from '../../../shared/workflow/conversation.ts'
import type { Workflow } from '../../../shared/workflow/schema.ts'
import { taskPorts } from '../../../testing/memory/task-ports.ts'
import { makeAgent } from '../agents/make-agent.ts'
import { silentHost } from '../agents/silent-host.ts'
import { gateIntegration } from '../models/gate-world.ts'
import { CALLER } from '../stores/callers.ts'
import { clientOf, immediateTable } from '../stores/immediate-table.ts'
import { portsWith } from '../stores/ports-with.ts'

/** Deviations from a world without limits. */
export type WorldOptions = {
  /** Parts of an agent's manifest. */
  manifestOf?(agentId: string): Pick<Partial<Agent>, 'limits' | 'typicalSeconds' | 'price'>
  /** Whether Lambda throttles a call of a function now (milliseconds since 1970). */
  throttles?(functionName: string, now: number): boolean
  /** Random numbers for the engine's jitter. */
  random?(): number
}

/** The result of an agent's nth run of a step: an answer, a failure by error name, or a crash (`Lambda.Unknown`, `Sandbox.Timedout`). */
export type Behaviour = {
  /** In the planner's order of preference. */
  agents: readonly string[]
  runOf(run: {
    path: string
    agentId: string
    nth: number
    input: Json
  }): { milliseconds: number } & ({ output: Json } | { error: string; retryAfterSeconds?: number })
  /** A person's answer and its time; undefined if the approval is never answered. */
  approvalOf(path: string): { milliseconds: number; decision: string } | undefined
  /** Whether the first answer to such a call is lost, so that the engine repeats the call. */
  loses(call: string): boolean
}

export type RanStep = Pick<StepRecord, 'status' | 'attempts'> & { output?: Json }
export type Ran = {
  task: Exclude<Task, { status: 'running' | 'queued' | 'planning' | 'waiting' }>
  result?: Json
  steps: Map<string, RanStep>
  events: DomainEvent[]
}

const ROLE = 'arn:aws:iam::111111111111:role/test'
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:111111111111:function:${name}`
const machineArn = (name: string): string => `arn:aws:states:us-east-1:111111111111:stateMachine:${name}`
export const CAPABILITY = 'work.do'

/** The models of the stage, which conversations name and nobody asks. */
const MODELS = ModelsSchema.parse({ default: { provider: 'bedrock', id: 'made-up', contextTokens: 9_000 } })

/** The agents of a world take the turns of conversations too. */
const takingTurns = (agent: Agent): Agent => ({
  ...agent,
  capabilities: agent.capabilities.flatMap((one) => [one, { ...one, name: TURN_CAPABILITY }]),
})

/**
 * Runs a workflow from its submission to its result: the compiled definition in the local engine under a virtual clock, the
 * functions' own code, the adapters' own expressions. Only the agents' work and the network are simulated.
 */
export async function runInWorld(
  workflow: Workflow,
  input: Json,
  behaviour: Behaviour,
  { anonymous = true }: { anonymous?: boolean } = {},
): Promise<Ran> {
  const world = makeWorld(behaviour)
  if (!anonymous) world.register(workflow)
  return world.run(anonymous ? workflow : workflow.name, input)
}

/** A world in which several tasks may run concurrently. */
export function makeWorld(
  behaviour: Behaviour,
  { manifestOf = () => ({}), throttles = () => false, random = Math.random }: WorldOptions = {},
) {
  const clock = new VirtualClock()
  const table = immediateTable()
  const events: DomainEvent[] = []
  const systemClock = { now: () => new Date(clock.now()) }
  const ids = nodeIds(systemClock)
  const registered: RegisteredWorkflow[] = []
  const agents = behaviour.agents
    .map((id, at) =>
      makeAgent({
        id,
        capability: CAPABILITY,
        functionArn: arnOf(id),
        price: { perCallUsd: at },
        ...manifestOf(id),
      }),
    )
    .map(takingTurns)
  const blobs = new Map<string, string>()
  const stores = taskPorts({
    client: clientOf(table),
    table: 'tasks',
    digest: ids.digest,
    blobs: {
      put: async (key, text) => void blobs.set(key, text),
      get: async (key) => String(blobs.get(key)),
    },
  })
  const wake = async (token: string): Promise<void> => {
    try {
      service.tokens.get(token).settle({ output: {} })
    } catch {
      // The execution no longer waits; the adapter ignores this error too.
    }
  }
  const putMachine = (name: string, definition: object): string => {
    const text = JSON.stringify(definition)
      .replaceAll('${RebindFunction}', arnOf('rebind'))
      .replaceAll('${ControlFunction}', arnOf('control'))
      .replaceAll('${TasksTable}', 'tasks')
    service.putStateMachine({ stateMachineArn: machineArn(name), name, definition: text, roleArn: ROLE })
    return machineArn(name)
  }
  const bus: Ports['bus'] = {
    publish: async (told) => void events.push(...told),
    deliver: async (event) => void events.push(event),
  }
  // Agents have neither statistics nor limits here: tests of their own cover those.
  const statistics: Ports['statistics'] = {
    add: async (_subject, { epoch }) => ({ epoch, counters: {} }),
    correct: async () => {},
    ofTenants: false,
    find: async (subjects) => subjects.map(() => []),
    reset: async () => {},
  }
  const breakers: Ports['breakers'] = {
    find: async (all) => new Map(all.map((id) => [id, { breaker: CLOSED, revision: 0 }])),
    replace: async () => true,
  }
  const ports = portsWith<Ports>({
    clock: systemClock,
    ids,
    ...stores,
    bus,
    agents: {
      listAgents: async () => agents,
      findAgent: async (id) => agents.find((agent) => agent.id === id),
      mayUse: () => true,
    },
    workflows: { listWorkflows: async () => registered },
    loads: { loadsOf: async () => new Map(), addLoad: async () => {} },
    collectables: { useMachine: async () => true },
    statistics,
    breakers,
    limits: dynamodbLimits({ client: clientOf(table), table: 'registry', clock: systemClock }),
    queue: { mostOf: () => undefined },
    prices: PRICES,
    machines: { ensure: async ({ name, definition }) => putMachine(name, definition) },
    executions: {
      start: async ({ stateMachineArn, name, input }) =>
        service.startExecution({ stateMachineArn, name, input: JSON.stringify(input) }).executionArn,
      wake,
    },
  })
  const crashed = new Map<string, string>()
  const mortal = { ...ports, steps: notingNoCrash(crashed, ports.steps, clock) }
  const functions = functionsOf(mortal, behaviour, clock, agents, crashed)
  const lost = new Set<string>()
  const integrations: Integrations = {
    ...gateIntegration(table),
    'lambda:invoke': async ({ arguments: { FunctionName, Payload } }) => {
      const name = String(FunctionName).split(':').at(-1) ?? ''
      if (throttles(name, clock.now()))
        throw new StateError('Lambda.TooManyRequestsException', 'Rate Exceeded.')
      const call = `${name} ${JSON.stringify(Payload)}`
      const first = call.replace(/"RetryCount":\d+/, '')
      // A call is made also when its answer, or its error, is lost.
      const isLost = !lost.has(first) && behaviour.loses(first)
      lost.add(first)
      const unlessLost = (): void => {
        if (isLost) throw new StateError('Lambda.ServiceException', 'the answer was lost')
      }
      try {
        const answer = await functions(name, Payload as object)
        unlessLost()
        return { Payload: answer }
      } catch (error) {
        unlessLost()
        const { name: errorType, message: errorMessage } = error as Error
        throw new StateError(errorType, JSON.stringify({ errorType, errorMessage }))
      }
    },
  }
  const executionArns: string[] = []
  const kept = memoryStore()
  const store: ExecutionStore = {
    ...kept,
    insert(row, definition) {
      executionArns.push(row.executionArn)
      kept.insert(row, definition)
    },
  }
  const service = new StepFunctionsService({ clock, store, integrations, random })
  const register = (workflow: Workflow): void => {
    const { definition, gates } = compileWorkflow(workflow)
    const stateMachineArn = putMachine(workflow.name, definition)
    registered.push({ workflow, stateMachineArn, gates, registeredAt: '', active: true, origin: 'api' })
  }
  /** Submits a task and waits for its result. */
  const run = async (asked: Workflow | string, input: Json): Promise<Ran> => {
    const { taskId, execution } = await submitTask({ ...ports, stageModels: MODELS })(
      {
        workflow: asked,
        lenient: true,
        input,
        metadata: {},
        // The cheapest agent first, then the next: the order in which the reference evaluator tries them.
        prefer: { quality: 0, cost: 1, latency: 0 },
      },
      CALLER,
    )
    const { status, error, cause } = await service.untilEnded(execution.arn)
    if (status === 'RUNNING') throw new Error('it has not ended')
    await finishTask(ports)({ name: execution.name, ended: { status, error, cause } })
    const task = await ports.tasks.findTask(taskId)
    if (!task || isOpenTask(task)) throw new Error(`the task is ${task?.status}`)
    const steps = new Map<string, RanStep>()
    for (const { path, status: ended, attempts, output } of await stores.steps.listSteps(taskId)) {
      const value = output ? { output: await stores.values.loadValue(output) } : {}
      steps.set(path, { status: ended, attempts, ...value })
    }
    const result = task.status === 'succeeded' ? { result: await stores.values.loadValue(task.result) } : {}
    return { task, steps, events, ...result }
  }
  /** The number of history events of each execution, including those of a Map's items. */
  const historyLengths = (): number[] =>
    executionArns.map((arn) => store.events(arn, { from: 0, limit: 1e6, reverse: false }).length)
  return { ports, service, clock, run, register, historyLengths }
}

/** The timeout of every agent's function, in milliseconds. */
const TIMEOUT = 65_000
const CRASHES = [...DEATHS, 'Runtime.UnhandledPromiseRejection', 'Sandbox.Timedout']

/** A process that crashes records no attempt: its request is added to `crashed` instead, with the name that Lambda gives. */
const notingNoCrash = (
  crashed: Map<string, string>,
  steps: Ports['steps'],
  clock: VirtualClock,
): Ports['steps'] => ({
  ...steps,
  async addAttempt(own, attempt, before) {
    const crash = CRASHES.find((name) => attempt.error.message.startsWith(`${name}: `))
    if (crash === undefined) return steps.addAttempt(own, attempt, before)
    crashed.set(own.owner, crash)
    if (crash === 'Sandbox.Timedout') await clock.sleep(TIMEOUT)
    throw new Error('its process has crashed')
  },
})

/** The functions that a deployment has, by name; `crashed` holds the requests whose process has crashed. */
function functionsOf(
  ports: Ports,
  behaviour: Behaviour,
  clock: VirtualClock,
  agents: readonly Agent[],
  crashed: ReadonlyMap<string, string>,
) {
  const host = silentHost(ports)
  const defined = new Map(agents.map((agent) => [agent.id, madeUp(agent, behaviour, clock)]))
  const asked = new Set<string>()
  let requests = 0
  return async (name: string, payload: object): Promise<unknown> => {
    const owner = `request-${++requests}`
    if (name === 'rebind') return rebindStep(ports)({ ...RebindPayloadSchema.parse(payload), owner })
    if (name === 'control') {
      const call = ControlPayloadSchema.parse(payload)
      const answer = await controlStep(ports)({ ...call, owner })
      if (call.token !== undefined && answer.status === undefined) void decide(call.taskId, call.path)
      return answer
    }
    const agent = defined.get(name)
    if (!agent) return undefined
    try {
      return await host(agent, payload, { id: owner, remainingMs: () => TIMEOUT })
    } catch (error) {
      const name = crashed.get(owner)
      throw name === undefined ? error : Object.assign(new Error('its process has crashed'), { name })
    }
  }

  async function decide(id: string, stepId: string): Promise<void> {
    const answer = behaviour.approvalOf(stepId)
    if (!answer || asked.has(stepId)) return
    asked.add(stepId)
    await clock.sleep(answer.milliseconds)
    const answering = approveStep(ports)(
      {
        id,
        stepId,
        decision: answer.decision,
        by: 'ada',
      },
      CALLER,
    )
    await answering.catch((error: unknown) => {
      // The approval came too late, and its sender gets this error.
      if (!isOrchestratorError(error, 'ConflictError')) throw error
    })
  }
}

function madeUp({ id, limits, price }: Agent, behaviour: Behaviour, clock: VirtualClock): DefinedAgent {
  const runs = new Map<string, number>()
  return defineAgent({
    id,
    version: '1.0.0',
    description: 'for tests',
    limits,
    price,
    capabilities: Object.fromEntries(
      [CAPABILITY, TURN_CAPABILITY].map((name) => [
        name,
        { description: 'works', input: z.json(), output: z.json() },
      ]),
    ),
    async execute({ input }, { step: { path } }) {
      const nth = 1 + (runs.get(path) ?? 0)
      runs.set(path, nth)
      const run = behaviour.runOf({ path, agentId: id, nth, input: input as Json })
      await clock.sleep(run.milliseconds)
      if ('output' in run) return run.output
      const { error: name, retryAfterSeconds } = run
      throw Object.assign(new Error(`made up for ${path}`), { name, details: { retryAfterSeconds } })
    },
  })
}
