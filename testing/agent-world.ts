import { systemClock } from '../functions/adapters/node-ids.ts'
import type { DefinedAgent } from '../shared/agent/index.ts'
import { readState } from '../shared/app/state/read-state.ts'
import { updateState } from '../shared/app/state/write-state.ts'
import { submitTask } from '../shared/app/tasks/submit-task.ts'
import { StepPayloadSchema } from '../shared/contracts/step-payload.ts'
import type { Json } from '../shared/domain/json.ts'
import type { StepRecord } from '../shared/domain/step.ts'
import type { HostPorts } from '../shared/host/host-ports.ts'
import type {
  BlobStore,
  Executions,
  FileStore,
  Ledger,
  Machines,
  Ownership,
  Ports,
  SharedState,
  TaskFiles,
  Turns,
} from '../shared/ports/index.ts'
import { CALLER } from './caller.ts'
import { hostOf } from './functions.ts'
import { type GivenFiles, type Held, memoryBlobs } from './memory/files.ts'
import { memoryPorts } from './memory/ports.ts'
import type { WrittenFile } from './noting-agent.ts'
import { CRASH } from './options/agent-test.ts'

/** The side effects of a step and their results, which outlive an attempt; with the files that it has written, and the turns of its models. */
export type KeptEffects = {
  ledger: Ledger
  blobs: BlobStore
  held: Map<string, Held>
  taskFiles: TaskFiles
  turns: Turns
  sharedState: SharedState
}

type Call = {
  capability: string
  input: Json
  attempt: number
  once: Readonly<Record<string, Json>>
  effects?: KeptEffects | undefined
  files: GivenFiles
  state: Readonly<Record<string, Json>>
  /** What the host has besides the stores. */
  given: Pick<HostPorts, 'models' | 'settings' | 'ownSecrets' | 'mask'>
  task: { type?: string; metadata?: Record<string, string> }
  timeoutSeconds?: number
  crashAfter?: string
  onRead(key: string): void
  onWrite(name: string, file: WrittenFile): void
  onProgress(progress: { fraction: number; note: string }): void
  onCrash(error: Error): void
}

/** The path of the step that the agent is called for. */
export const PATH = 'step'
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:agent'

/** A task with one step that is ready to be run by the agent, in real time. */
export async function agentWorld(agent: DefinedAgent, call: Call) {
  const { capability, input, attempt, timeoutSeconds, effects } = call
  const { metadata = {}, type } = call.task
  const blobs = effects?.blobs ?? memoryBlobs()
  const held = effects?.held ?? new Map<string, Held>()
  const made = memoryPorts({
    held,
    clock: systemClock,
    seed: 'agent',
    blobs,
    files: call.files,
    bus: { publish: async () => {}, deliver: async () => {} },
    executions: NO_EXECUTIONS,
    machines: NO_MACHINES,
  })
  const { ledger, taskFiles, turns, sharedState } = made.ports
  const kept: KeptEffects = effects ?? { ledger, taskFiles, turns, sharedState, blobs, held }
  const ports: Ports = {
    ...made.ports,
    files: notingFiles(made.ports.files, call),
    taskFiles: kept.taskFiles,
    turns: kept.turns,
    sharedState: kept.sharedState,
    steps: notingProgress(made.ports.steps, call.onProgress),
    ledger: crashing(kept.ledger, call),
  }
  await ports.agents.putAgent({
    ...agent.manifest,
    status: 'active',
    functionArn: ARN,
    origin: 'deployment',
    registeredAt: systemClock.now().toISOString(),
  })
  const step = {
    capability,
    agent: agent.manifest.id,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  }
  // Skips the submission's check that files exist, because only the agent's call is tested.
  const { taskId } = await submitTask({ ...ports, files: { ...ports.files, list: anyFile } })(
    {
      workflow: { name: type ?? 'test', steps: { [PATH]: step } },
      input,
      metadata,
      // The same task id each time, so that its effects have the same idempotency keys.
      idempotencyKey: 'test',
    },
    CALLER,
  )
  const payloadOf = (retry: number) => ({
    taskId,
    path: PATH,
    state: { Name: PATH, EnteredTime: systemClock.now().toISOString(), RetryCount: retry },
    redrives: 0,
    turn: 0,
  })
  const ownOf = (retry: number) => {
    const { fence } = StepPayloadSchema.parse(payloadOf(retry))
    return { taskId, path: PATH, owner: `attempt-${retry + 1}`, fence }
  }

  for (let before = 0; before < attempt - 1; before++)
    await noteFailure(ports, ownOf(before), agent.manifest.id, before)
  await give({ ...ports, ledger: kept.ledger }, ownOf(0), call)

  const host = hostOf(agent, { ...ports, ...call.given })
  const record = async (): Promise<StepRecord | undefined> => (await ports.steps.findSteps(taskId, [PATH]))[0]
  return {
    effects: kept,
    call: () => host(payloadOf(attempt - 1), `attempt-${attempt}`),
    record,
    state: async () => (await readState(ports, { taskId, workflow: {} })).values,
    async output(): Promise<Json> {
      const stored = (await record())?.output
      return stored ? ports.values.loadValue(stored) : null
    },
  }
}
/** Writes what the test says of earlier effects, and of the shared state. */
async function give(
  ports: Ports,
  own: Ownership,
  { once, state }: Pick<Call, 'once' | 'state'>,
): Promise<void> {
  for (const [key, result] of Object.entries(once)) {
    await ports.ledger.claim(own, key, systemClock.now().toISOString())
    await ports.ledger.complete(own, key, await ports.values.storeValue(own.taskId, result))
  }
  const of = { taskId: own.taskId, workflow: {}, by: { subject: 'test' } }
  for (const [key, value] of Object.entries(state)) await updateState(ports, { ...of, key }, () => value)
}

/** What a stage gives the host besides its ports. */
export type AgentWorld = Awaited<ReturnType<typeof agentWorld>>

/** An attempt of an earlier execution, so that it does not use up the attempts of this one. */
async function noteFailure({ steps }: Ports, own: Ownership, agentId: string, before: number): Promise<void> {
  const at = systemClock.now().toISOString()
  const error = { name: 'AgentRetryableError', message: `attempt ${before + 1} has failed` }
  await steps.takeOverStep(own, { startedAt: at })
  await steps.addAttempt(own, { agentId, startedAt: at, endedAt: at, execution: 0, error }, before)
}

const anyFile: FileStore['list'] = async (key) => [{ key, bytes: 0, etag: '' }]

const notingFiles = (files: FileStore, { onRead, onWrite }: Pick<Call, 'onRead' | 'onWrite'>): FileStore => ({
  ...files,
  read(key, maxBytes) {
    onRead(key)
    return files.read(key, maxBytes)
  },
  open(key) {
    onRead(key)
    return files.open(key)
  },
  async write(key, content, options) {
    const stored = await files.write(key, content, options)
    const bytes = await files.read(key, stored.bytes)
    // The key is the prefix, tenant, task and id of the file, and then its name.
    onWrite(key.split('/').slice(4).join('/'), { contentType: options.contentType, bytes })
    return stored
  },
})

const notingProgress = (steps: Ports['steps'], onProgress: Call['onProgress']): Ports['steps'] => ({
  ...steps,
  setProgress(own, progress) {
    onProgress(progress)
    return steps.setProgress(own, progress)
  },
})

/** A ledger in which earlier claims are old enough for `find`, and whose `complete` never returns after the crash. */
const crashing = (ledger: Ledger, { crashAfter, onCrash }: Call): Ledger => ({
  async claim(own, key, at) {
    const claim = await ledger.claim(own, key, at)
    return claim.kind === 'again' ? { ...claim, claimedAt: new Date(0).toISOString() } : claim
  },
  complete(own, key, result) {
    if (key !== crashAfter) return ledger.complete(own, key, result)
    const message = `the test has ended the process after the effect "${key}"`
    onCrash(Object.assign(new Error(message), { name: CRASH }))
    return new Promise(() => {})
  },
})

const NO_EXECUTIONS: Executions = {
  start: async ({ name }) => name,
  find: async () => ({ status: 'RUNNING' }),
  wake: async () => {},
  beat: async () => {},
  stop: async () => {},
}

const NO_MACHINES: Machines = {
  arnOf: (name) => `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`,
  ensure: async ({ name }) => NO_MACHINES.arnOf(name),
  publish: async (arn) => `${arn}:1`,
  remove: async () => true,
}
