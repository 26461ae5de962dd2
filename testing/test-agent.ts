import type { DefinedAgent } from '../shared/agent/index.ts'
import { isOrchestratorError } from '../shared/domain/errors.ts'
import type { Json } from '../shared/domain/json.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import { describeNotJson, notJsonIn } from '../shared/domain/not-json.ts'
import type { StepRecord } from '../shared/domain/step.ts'
import { type AgentWorld, agentWorld, type KeptEffects, PATH } from './agent-world.ts'
import type { GivenFiles } from './memory/files.ts'
import { type Noted, notingAgent } from './noting-agent.ts'

export type AgentTest = {
  /** Needed where the agent offers more than one. */
  capability?: string
  /** As a workflow would give it: checked against the capability's input schema. */
  input?: unknown
  /** Uploaded files by key: `{'files/notes.md': '...'}`; an input names them as `{$file: 'files/notes.md'}`. */
  files?: GivenFiles
  /** From 1: which try of the step this is; one more than that of the run before, where one is given. */
  attempt?: number
  /** The run that this one is a retry of: what that one has performed once is not performed again. */
  after?: AgentRun
  /** Results by key of effects that an earlier attempt has performed. */
  once?: Readonly<Record<string, Json>>
  /** The process dies after the effect with this key was performed, before anybody has noted its result. */
  crashAfter?: string
  /** Real seconds after which the step times out; the agent's own limit where it is not said. */
  timeoutSeconds?: number
  /** Cancels the task when it aborts. */
  signal?: AbortSignal
  task?: { type?: string; metadata?: Record<string, string> }
}

/** What an agent has done in one call. */
export type AgentRun = Omit<Noted, 'thrown'> & {
  /** As the host stores it: checked against the capability's output schema. */
  output?: Json
  /** As the host records it: an error that is none of the orchestrator's is an `AgentFailedError`. */
  error?: { name: string; message: string; retryable: boolean }
  /** What the agent itself has thrown. */
  thrown?: unknown
  /** Its price and what it has told by `spend`. */
  spent: { usd: number; tokens: number }
  attempt: number
}

/** What a run leaves to its retry. */
const effectsOf = new WeakMap<AgentRun, KeptEffects>()

/**
 * Calls an agent once, through the code that hosts it in the cloud, with a real context in memory. What the agent throws is answered
 * as `error`; rejects only for a test that cannot be run.
 */
export async function testAgent(agent: DefinedAgent, test: AgentTest = {}): Promise<AgentRun> {
  const { input = null, after, crashAfter, signal, once = {} } = test
  const capability = capabilityOf(agent, test.capability)
  const attempt = test.attempt ?? (after ? after.attempt + 1 : 1)
  const noted: Noted = { files: [], once: {}, progress: [], log: [] }
  const crash = Promise.withResolvers<never>()
  crash.promise.catch(() => {})
  const world = await agentWorld(notingAgent(agent, noted, signal), {
    capability,
    input: requireJson(input),
    attempt,
    once,
    effects: after && effectsOf.get(after),
    files: test.files ?? {},
    task: test.task ?? {},
    ...(test.timeoutSeconds === undefined ? {} : { timeoutSeconds: test.timeoutSeconds }),
    onRead: (key) => noted.files.push(key),
    onProgress: (progress) => noted.progress.push(progress),
    ...(crashAfter === undefined ? {} : { crashAfter }),
    onCrash: crash.reject,
  })
  const failure = await Promise.race([world.call(), crash.promise]).then(
    () => undefined,
    (error: Error) => error,
  )
  const { thrown, ...told } = noted
  const run: AgentRun = {
    ...(failure ? { error: describe(failure) } : { output: await world.output() }),
    ...(thrown === undefined ? {} : { thrown }),
    ...told,
    spent: spentIn(await world.record()),
    attempt,
  }
  effectsOf.set(run, world.effects)
  return run
}

/** Throws an Error that names what the agent offers. */
function capabilityOf({ manifest: { id, capabilities } }: DefinedAgent, asked: string | undefined): string {
  const names = capabilities.map(({ name }) => name)
  const [only = '', ...more] = names
  if (asked === undefined && more.length === 0) return only
  if (asked !== undefined && names.includes(asked)) return asked
  if (asked === undefined)
    throw new Error(`say which capability of agent "${id}" is called: ${names.join(', ')}`)
  throw new Error(`agent "${id}" does not offer "${asked}"${suggestNames(asked, names)}`)
}

function requireJson(input: unknown): Json {
  const found = notJsonIn(input)
  if (!found) return input as Json
  throw new Error(`an agent's input is JSON: ${describeNotJson(found, 'input')}`)
}

const describe = (error: Error): NonNullable<AgentRun['error']> => ({
  name: error.name,
  message: error.message,
  retryable: isOrchestratorError(error) && error.retryable,
})

/** Of the attempt that has just ended, however it has. */
function spentIn(record: Awaited<ReturnType<AgentWorld['record']>>): AgentRun['spent'] {
  const last: Pick<StepRecord, 'costUsd' | 'tokens'> | undefined =
    record?.path === PATH && record.status === 'succeeded' ? record : record?.attempts.at(-1)
  return { usd: last?.costUsd ?? 0, tokens: last?.tokens ?? 0 }
}
