import type { DefinedAgent } from '../shared/agent/index.ts'
import { failureKind } from '../shared/domain/failure-kinds.ts'
import type { Json } from '../shared/domain/json.ts'
import { suggestNames } from '../shared/domain/nearest-names.ts'
import type { StepRecord } from '../shared/domain/step.ts'
import type { AgentRun, AgentTest } from './agent-test.ts'
import { type AgentWorld, agentWorld, type KeptEffects, PATH } from './agent-world.ts'
import { throwOnRead } from './failed-run.ts'
import { secretsOf } from './given-secrets.ts'
import { type Noted, notingAgent } from './noting-agent.ts'
import { requireAgentTest, requireEffects } from './options/agent-test.ts'
import { type SeenModelCall, scriptedModels } from './scripted-models.ts'

/** The effects of each run, for its retry. */
const effectsOf = new WeakMap<AgentRun, KeptEffects>()

/**
 * Calls an agent once, through the same host as in the cloud, with a real context in memory. An error of the agent is returned as `error`,
 * and thrown where `output` is read; the promise rejects only for an invalid test: with a TypeError that lists what is wrong with its options.
 */
export async function testAgent(agent: DefinedAgent, test: AgentTest = {}): Promise<AgentRun> {
  requireAgentTest(agent, test, (run) => effectsOf.has(run as AgentRun))
  const { input = null, after, crashAfter, signal, once = {} } = test
  const capability = capabilityOf(agent, test.capability)
  const attempt = test.attempt ?? (after ? after.attempt + 1 : 1)
  const noted: Noted = { files: [], written: {}, once: {}, progress: [], log: [] }
  const crash = Promise.withResolvers<never>()
  crash.promise.catch(() => {})
  const modelCalls: SeenModelCall[] = []
  const models = test.models && scriptedModels(test.models, [agent], (call) => modelCalls.push(call))
  const world = await agentWorld(notingAgent(agent, noted, signal), {
    capability,
    input: input as Json,
    attempt,
    once,
    effects: after && effectsOf.get(after),
    files: test.files ?? {},
    state: test.state ?? {},
    given: {
      settings: { allowedHosts: [], ...test.settings },
      ...secretsOf(test.secrets ?? {}, [agent]),
      ...(models ? { models } : {}),
    },
    task: test.task ?? {},
    ...(test.timeoutSeconds === undefined ? {} : { timeoutSeconds: test.timeoutSeconds }),
    onRead: (key) => noted.files.push(key),
    onWrite: (name, file) => {
      // As a literal: a file may be called __proto__.
      noted.written = { ...noted.written, [name]: file }
    },
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
  const record = await world.record()
  const error = failure && describe(record?.attempts[attempt - 1]?.error ?? failure)
  const run: AgentRun = {
    ...(error ? { error } : { output: await world.output() }),
    ...(thrown === undefined ? {} : { thrown }),
    ...told,
    state: await world.state(),
    modelCalls,
    spent: spentIn(record),
    attempt,
  }
  if (error) throwOnRead(run, 'output', { name: error.name, message: error.message, thrown })
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

const describe = ({ name, message }: { name: string; message: string }): NonNullable<AgentRun['error']> => ({
  name,
  message,
  retryable: failureKind({ name }) === 'transient',
})

/** The cost of the attempt that has just ended, whether it succeeded or failed. */
function spentIn(record: Awaited<ReturnType<AgentWorld['record']>>): AgentRun['spent'] {
  const last: Pick<StepRecord, 'costUsd' | 'tokens'> | undefined =
    record?.path === PATH && record.status === 'succeeded' ? record : record?.attempts.at(-1)
  return { usd: last?.costUsd ?? 0, tokens: last?.tokens ?? 0 }
}
