import type { DefinedAgent } from '../shared/agent/index.ts'
import { isOrchestratorError } from '../shared/domain/errors.ts'
import type { Json } from '../shared/domain/json.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import type { StepRecord } from '../shared/domain/step.ts'
import { type AgentWorld, agentWorld, type KeptEffects, PATH } from './agent-world.ts'
import type { GivenFiles } from './memory/files.ts'
import { type Noted, notingAgent } from './noting-agent.ts'
import { requireAgentTest, requireEffects } from './options/agent-test.ts'

export type AgentTest = {
  /** Required when the agent offers more than one. */
  capability?: string
  /** The step's input, which is checked against the capability's input schema. */
  input?: unknown
  /** Uploaded files by key: `{'files/notes/one.md': '...'}`; an input names them as `{$file: 'files/notes/one.md'}`. */
  files?: GivenFiles
  /** The number of the attempt, from 1; by default 1, or one more than in `after`. */
  attempt?: number
  /** The run that this one retries: effects that it has completed are not performed again. */
  after?: AgentRun
  /** Results by key of effects that an earlier attempt has performed. */
  once?: Readonly<Record<string, Json>>
  /** Simulates a crash after the effect with this key, before its result is recorded. */
  crashAfter?: string
  /** Real seconds after which the step times out; the agent's own limit by default. */
  timeoutSeconds?: number
  /** Cancels the task when it aborts. */
  signal?: AbortSignal
  task?: { type?: string; metadata?: Record<string, string> }
}

/** The result of one call of an agent. */
export type AgentRun = Omit<Noted, 'thrown'> & {
  /** The output as stored by the host, after the check against the capability's output schema. */
  output?: Json
  /** The error as recorded by the host: an error of another class becomes an `AgentFailedError`. */
  error?: { name: string; message: string; retryable: boolean }
  /** The value that the agent threw. */
  thrown?: unknown
  /** The price of the call plus the costs reported by `spend`. */
  spent: { usd: number; tokens: number }
  attempt: number
}

/** The effects of each run, for its retry. */
const effectsOf = new WeakMap<AgentRun, KeptEffects>()

/**
 * Calls an agent once, through the same host as in the cloud, with a real context in memory. An error of the agent is returned as `error`;
 * the promise rejects only for an invalid test: with a TypeError that lists what is wrong with its options.
 */
export async function testAgent(agent: DefinedAgent, test: AgentTest = {}): Promise<AgentRun> {
  requireAgentTest(agent, test, (run) => effectsOf.has(run as AgentRun))
  const { input = null, after, crashAfter, signal, once = {} } = test
  const capability = capabilityOf(agent, test.capability)
  const attempt = test.attempt ?? (after ? after.attempt + 1 : 1)
  const noted: Noted = { files: [], once: {}, progress: [], log: [] }
  const crash = Promise.withResolvers<never>()
  crash.promise.catch(() => {})
  const world = await agentWorld(notingAgent(agent, noted, signal), {
    capability,
    input: input as Json,
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
  requireEffects({ once, crashAfter }, noted.once, failure)
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

/** Throws an Error that lists the agent's capabilities. */
function capabilityOf({ manifest: { id, capabilities } }: DefinedAgent, asked: string | undefined): string {
  const names = capabilities.map(({ name }) => name)
  const [only = '', ...more] = names
  if (asked === undefined && more.length === 0) return only
  if (asked !== undefined && names.includes(asked)) return asked
  if (asked === undefined)
    throw new Error(`say which capability of agent "${id}" is called: ${names.join(', ')}`)
  throw new Error(`agent "${id}" does not offer "${asked}"${suggestNames(asked, names)}`)
}

const describe = (error: Error): NonNullable<AgentRun['error']> => ({
  name: error.name,
  message: error.message,
  retryable: isOrchestratorError(error) && error.retryable,
})

/** The cost of the attempt that has just ended, whether it succeeded or failed. */
function spentIn(record: Awaited<ReturnType<AgentWorld['record']>>): AgentRun['spent'] {
  const last: Pick<StepRecord, 'costUsd' | 'tokens'> | undefined =
    record?.path === PATH && record.status === 'succeeded' ? record : record?.attempts.at(-1)
  return { usd: last?.costUsd ?? 0, tokens: last?.tokens ?? 0 }
}
